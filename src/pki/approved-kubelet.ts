/**
 * The first certificate of a kubelet in a cluster whose CA key is kept elsewhere: asked for in the API, approved there, signed by whoever
 * keeps the key.
 */
import { randomBytes, X509Certificate } from 'node:crypto'
import { ApiError } from '../cluster/api-error.ts'
import type { Cluster, KubernetesObject } from '../cluster/cluster.ts'
import { kinds } from '../cluster/kinds.ts'
import { listAt, textAt } from '../cluster/object-fields.ts'
import { retryUntil, waitForObject } from '../cluster/wait.ts'
import { isObject, type JsonObject } from '../json.ts'
import { KadmError, hasCode, messageOf } from '../errors.ts'
import { parseCertificates } from './certificate-bundle.ts'
import { certificateIdentity } from './certificate-identity.ts'
import { chainProblem } from './chain.ts'
import { spkiDer } from './keys.ts'
import { pemText } from './pem.ts'
import { kubeletSubject, parseKubeletRequest } from './signed-kubelet.ts'

export interface KubeletApproval {
  readonly cluster: Cluster
  readonly nodeName: string
  /** The cluster's CA (PEM). */
  readonly caPem: string
  /** Milliseconds to wait for the signature. */
  readonly timeout: number
  readonly now: Date
  readonly signal: AbortSignal
  readonly say: (text: string) => void
}

/**
 * From the request of a host (PEM) to its certificate. What the API keeps is approved only when it is this request and no other, and what
 * comes back is taken only when it is of the same key and node, for no other use, and the cluster's CA vouches for it. Throws CERTIFICATE_INVALID,
 * API_REFUSED, or COMPONENT_NOT_HEALTHY when nobody has signed in time.
 */
export async function approvedCertificate(request: string, approval: KubeletApproval): Promise<string> {
  const { cluster, nodeName, say } = approval
  const { publicKey, der } = parseKubeletRequest(request, nodeName)
  const wanted = {
    // What was judged and nothing else: the API and whoever signs may take another block of a text than kadm does.
    request: Buffer.from(pemText('CERTIFICATE REQUEST', der)).toString('base64'),
    signerName,
    usages: publicKey.asymmetricKeyType === 'rsa' ? ['key encipherment', ...usages] : usages,
  }
  const name = `kadm-${nodeName}-${randomBytes(4).toString('hex')}`
  await approve(await cluster.create({ ...requestKind, metadata: { name }, spec: wanted }), wanted, approval)
  say(`Waiting for CertificateSigningRequest "${name}" (approved) to be signed by whoever keeps the key of the CA`)
  const pem = await signature(name, approval)
  requireCertificate(pem, publicKey, approval)
  return pem
}

const requestKind = { apiVersion: kinds.certificateSigningRequest.apiVersion, kind: kinds.certificateSigningRequest.kind }

const signerName = 'kubernetes.io/kube-apiserver-client-kubelet'

const usages = ['digital signature', 'client auth']

/** The controller-manager approves what an administrator asks for by itself, once it has come up: then there is nothing left to say. */
async function approve(
  kept: KubernetesObject,
  wanted: Readonly<Record<string, unknown>>,
  { cluster, nodeName, signal }: KubeletApproval,
): Promise<void> {
  let current: KubernetesObject | undefined = kept
  const tryOnce = async (): Promise<void> => {
    current ??= await cluster.get({ ...requestKind, name: kept.metadata.name })
    if (current === undefined)
      throw invalid(`CertificateSigningRequest "${kept.metadata.name}" was deleted before it was approved`, 'run the same command again')
    requireSame(current, wanted)
    if (conditionsOf(current).some(({ type }) => type === 'Approved')) return
    const seen = current
    current = undefined
    await cluster.approve(seen, `made by kadm from the key on the host of node ${nodeName}`)
  }
  await retryUntil(tryOnce, {
    timeout: 30_000,
    signal,
    describe: `the approval of CertificateSigningRequest "${kept.metadata.name}"`,
    giveUp: (error) => !(error instanceof ApiError && error.status === 409),
  })
}

/** Somebody in between may change what is sent: an admission webhook. */
function requireSame({ metadata, spec }: KubernetesObject, wanted: Readonly<Record<string, unknown>>): void {
  const changed = Object.keys(wanted).filter((field) => !isObject(spec) || JSON.stringify(spec[field]) !== JSON.stringify(wanted[field]))
  if (changed.length > 0)
    throw invalid(
      `the API keeps CertificateSigningRequest "${metadata.name}" with another ${changed.join(', ')} than was sent, and it is not approved`,
      'kubectl get mutatingwebhookconfigurations   # which of them changes it?',
    )
}

async function signature(name: string, { cluster, timeout, signal }: KubeletApproval): Promise<string> {
  const ref = { ...requestKind, name }
  const isOver = (object: KubernetesObject): boolean => certificateOf(object) !== undefined || refusalOf(object) !== undefined
  try {
    const object = await waitForObject(cluster, ref, isOver, {
      timeout,
      signal,
      describe: `the signature of CertificateSigningRequest "${name}"`,
    })
    const refusal = refusalOf(object)
    if (refusal !== undefined) throw invalid(`CertificateSigningRequest "${name}" was refused: ${refusal}`, `kubectl describe csr ${name}`)
    return Buffer.from(certificateOf(object) ?? '', 'base64').toString('utf8')
  } catch (error) {
    signal.throwIfAborted()
    if (!hasCode(error, 'COMPONENT_NOT_HEALTHY')) throw error
    throw new KadmError('COMPONENT_NOT_HEALTHY', error.message, {
      cause: error,
      remedy: [
        `kubectl get csr ${name} -o jsonpath={.spec.request} | base64 -d >${name}.csr   # no signer for ${signerName}? Have it signed by the CA for client authentication, as ${name}.crt, then:`,
        `kubectl patch csr ${name} --subresource=status --type=merge -p '{"status":{"certificate":"'$(base64 -w0 ${name}.crt)'"}}'`,
        'then run the same command again',
      ],
    })
  }
}

function certificateOf(request: KubernetesObject): string | undefined {
  return textAt(request, 'status.certificate') || undefined
}

/** Conditions `Denied` and `Failed` are final. */
function refusalOf(request: KubernetesObject): string | undefined {
  const found = conditionsOf(request).find(({ type }) => type === 'Denied' || type === 'Failed')
  return found === undefined ? undefined : `${String(found['type'])}, ${String(found['message'] ?? found['reason'] ?? '')}`
}

function conditionsOf(request: KubernetesObject): readonly JsonObject[] {
  return listAt(request, 'status.conditions').filter(isObject)
}

function requireCertificate(pem: string, key: Parameters<typeof spkiDer>[0], { caPem, nodeName, now }: KubeletApproval): void {
  const problem = certificateProblem(pem, key, { caPem, nodeName, now })
  if (problem !== undefined)
    throw invalid(
      `the certificate that was signed for node "${nodeName}" cannot be used: ${problem}`,
      'kubectl get csr   # ask who keeps the key of the CA, then run the same command again',
    )
}

function certificateProblem(
  pem: string,
  key: Parameters<typeof spkiDer>[0],
  { caPem, nodeName, now }: Pick<KubeletApproval, 'caPem' | 'nodeName' | 'now'>,
): string | undefined {
  try {
    const [leaf, ...intermediates] = parseCertificates(pem)
    const { subject, usages: uses } = certificateIdentity(leaf)
    const { commonName, organizations } = kubeletSubject(nodeName)
    if (!spkiDer(leaf.publicKey).equals(spkiDer(key))) return 'it is of another key'
    if (subject.commonName !== commonName || subject.organizations.join() !== organizations.join())
      return `it is of "${subject.organizations.join()}/${subject.commonName}"`
    if (leaf.ca) return 'it is a CA'
    if (leaf.subjectAltName !== undefined) return `it has further names: ${leaf.subjectAltName}`
    const otherUse = uses.find((use) => use !== 'client')
    if (otherUse !== undefined) return `it is not for client authentication alone: ${otherUse}`
    return chainProblem(leaf, intermediates, new X509Certificate(caPem), now)
  } catch (error) {
    return messageOf(error)
  }
}

function invalid(message: string, remedy: string): KadmError {
  return new KadmError('CERTIFICATE_INVALID', message, { remedy: [remedy] })
}
