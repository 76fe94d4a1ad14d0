/** The first certificate of a kubelet whose host is brought into the cluster by somebody who is in it: no token is involved. */
import { paths } from '../config/paths.ts'
import { dumpYaml } from '../config/yaml.ts'
import { KadmError, hasCode } from '../errors.ts'
import type { Argv, Host } from '../host/host.ts'
import type { Json } from '../json.ts'
import { noAltNames } from './alt-names.ts'
import { parseCertificateRequest, type CertificateRequest, type RequestedExtension } from './certificate-request.ts'
import { issueFromAfar, type DistantAuthority } from './issue.ts'

/** From the request (PEM) to the certificate (PEM) of the node. `say`: what is waited for. */
export type SignKubelet = (request: string, say: (text: string) => void) => Promise<string>

export interface SignedKubelet {
  readonly host: Host
  readonly nodeName: string
  /** `https://host:port` that the kubelet shall talk to, and the CA that vouches for it. */
  readonly server: string
  readonly caPem: string
  readonly sign: SignKubelet
  readonly say: (text: string) => void
  /** Of the kubelet's own certificates. */
  readonly directory: string
}

/**
 * Has the key made on the host, which it never leaves, and the certificate signed; lays both where the kubelet looks for them and renews
 * them, and writes kubelet.conf as the kubelet does after its bootstrap. Nothing is done when kubelet.conf is there, which is written last.
 * Throws COMMAND_MISSING without openssl on the host.
 */
export async function ensureSignedKubelet({ host, nodeName, server, caPem, sign, directory, say }: SignedKubelet): Promise<void> {
  const current = `${directory}/kubelet-client-current.pem`
  // Its last link may not have reached the disk before a power cut.
  if ((await host.stat(paths.kubeletConf)) !== undefined && (await host.stat(current)) !== undefined) return
  const name = `kubelet-client-${timestamp(host.now())}.pem`
  await host.makeDirectory(directory, 0o755)
  // Not every openssl makes a key 0600; each keeps the mode of a file that is there. Not written by kadm: an undo would take what comes
  // into it for somebody else's.
  await host.run(['install', '-m', '600', '/dev/null', `${directory}/${name}`])
  // The key first, then the certificate is put behind it: in this file the order does not matter.
  const { stdout: request } = await host.run(requestCommand(`${directory}/${name}`, nodeName)).catch(explainMissing)
  await host.appendFile(`${directory}/${name}`, await sign(request, say), 0o600)
  await host.run(['ln', '-sfn', name, current])
  await host.writeFile(paths.kubeletConf, kubeletConf(server, caPem, current), { mode: 0o600 })
}

export interface KubeletSigning {
  readonly ca: DistantAuthority
  readonly nodeName: string
  readonly now: Date
  /** Milliseconds. */
  readonly validity: number
}

/** Signs a request for exactly this node. Throws CERTIFICATE_INVALID for one that asks for another name, and what the signing throws. */
export async function signKubeletRequest(request: string, { ca, nodeName, now, validity }: KubeletSigning): Promise<string> {
  const { publicKey } = parseKubeletRequest(request, nodeName)
  // Five minutes back, as all certificates here: clocks differ a little.
  const period = { notBefore: new Date(now.getTime() - 5 * 60_000), notAfter: new Date(now.getTime() + validity) }
  return issueFromAfar({ subject: kubeletSubject(nodeName), usages: ['client'], altNames: noAltNames, key: publicKey, ...period }, ca)
}

/** Throws CERTIFICATE_INVALID unless it asks for a certificate of this node, of system:nodes and nothing else: no further names or uses. */
export function parseKubeletRequest(request: string, nodeName: string): CertificateRequest {
  const parsed = parseCertificateRequest(request)
  const { commonName, organizations, extensions } = parsed
  const subject = kubeletSubject(nodeName)
  if (commonName !== subject.commonName || organizations.join() !== subject.organizations.join())
    throw new KadmError(
      'CERTIFICATE_INVALID',
      `the host of node "${nodeName}" asks for a certificate of "${organizations.join()}/${commonName}"`,
      {
        remedy: [`look at the host: it must ask for "${subject.commonName}" of "system:nodes" and nothing else`],
      },
    )
  const further = extensions.find((extension) => !isHarmless(extension))
  if (further === undefined) return parsed
  throw new KadmError(
    'CERTIFICATE_INVALID',
    `the host of node "${nodeName}" asks for a certificate with the extension ${extensionNames[further.id] ?? further.id}, which a kubelet has no use for`,
    {
      remedy: ['grep -n req_extensions /etc/ssl/openssl.cnf /etc/pki/tls/openssl.cnf   # on that host: take it out, or what it names'],
    },
  )
}

/** What `req_extensions` of an openssl.cnf commonly asks for: key usage, a key's id, and to be no CA. */
function isHarmless({ id, value }: RequestedExtension): boolean {
  return id === '2.5.29.15' || id === '2.5.29.14' || (id === '2.5.29.19' && value.equals(noCa))
}

/** `CA:FALSE` in DER: an empty sequence. */
const noCa = Buffer.of(0x30, 0)

const extensionNames: Readonly<Record<string, string>> = {
  '2.5.29.17': 'subjectAltName',
  '2.5.29.19': 'basicConstraints (CA)',
  '2.5.29.37': 'extendedKeyUsage',
}

export function kubeletSubject(nodeName: string): { readonly commonName: string; readonly organizations: readonly string[] } {
  return { commonName: `system:node:${nodeName}`, organizations: ['system:nodes'] }
}

/** ECDSA P-256, which the kubelet makes too. */
function requestCommand(file: string, nodeName: string): Argv {
  const { commonName, organizations } = kubeletSubject(nodeName)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file]
  return ['openssl', 'req', '-new', ...key, '-subj', `/O=${organizations.join('/O=')}/CN=${commonName}`]
}

/** `2026-11-24-15-04-05`, as the kubelet names them. */
function timestamp(now: Date): string {
  return now.toISOString().slice(0, 19).replaceAll(/[T:]/g, '-')
}

/** The words are the kubelet's own. */
function kubeletConf(server: string, caPem: string, pem: string): string {
  const cluster: Json = { 'certificate-authority-data': Buffer.from(caPem).toString('base64'), server }
  return dumpYaml({
    apiVersion: 'v1',
    clusters: [{ cluster, name: 'default-cluster' }],
    contexts: [{ context: { cluster: 'default-cluster', namespace: 'default', user: 'default-auth' }, name: 'default-context' }],
    'current-context': 'default-context',
    kind: 'Config',
    users: [{ name: 'default-auth', user: { 'client-certificate': pem, 'client-key': pem } }],
  })
}

function explainMissing(error: unknown): never {
  if (!hasCode(error, 'COMMAND_MISSING')) throw error
  throw new KadmError('COMMAND_MISSING', 'there is no openssl on the host: it makes the key of the kubelet, which never leaves the host', {
    cause: error,
    remedy: [
      'apt-get install openssl   # on that host, or as its packages are installed',
      'kadm apply -f FILE --tokens   # or have all join with bootstrap tokens',
    ],
  })
}
