/**
 * The certificate of a node that joins: signed on the control plane that has the key of the CA, or asked for in the API where none has it.
 */
import { verify, type X509Certificate } from 'node:crypto'
import type { Cluster } from '../../cluster/cluster.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { approvedCertificate } from '../../pki/approved-kubelet.ts'
import { parseCertificates } from '../../pki/certificate-bundle.ts'
import { pairPaths } from '../../pki/certificate-files.ts'
import { certificateSpec } from '../../pki/certificate-specs.ts'
import type { DistantAuthority } from '../../pki/issue.ts'
import { signOnHost } from '../../pki/sign-on-host.ts'
import { signKubeletRequest } from '../../pki/signed-kubelet.ts'
import { readStoredCluster } from '../look/stored-cluster.ts'

export interface NodeSigning {
  /** Control planes, one of which may have the key. */
  readonly controlPlanes: readonly Host[]
  readonly cluster: Cluster
  /** The cluster's CA (PEM). */
  readonly caPem: string
  readonly nodeName: string
  readonly signal: AbortSignal
  readonly say: (text: string) => void
}

/**
 * From the request (PEM) to the certificate (PEM). The key of the CA stays on its host. Throws CERTIFICATE_INVALID, COMMAND_MISSING and
 * what `approvedCertificate` throws.
 */
export async function signForNode(request: string, { controlPlanes, cluster, caPem, nodeName, signal, say }: NodeSigning): Promise<string> {
  const stored = await readStoredCluster(cluster)
  if (stored === undefined) {
    throw new KadmError('CONFIG_INVALID', 'the cluster keeps no configuration (ConfigMap kube-system/kubeadm-config)', {
      remedy: ['kadm init phase upload-config all --config FILE   # on a control plane, with the configuration of the cluster'],
    })
  }
  const { key } = pairPaths(stored.certificatesDir, certificateSpec('ca').baseName)
  const keeper = await whoHas(key, controlPlanes)
  const now = (keeper ?? controlPlanes[0])?.now() ?? new Date()
  if (keeper === undefined) return approvedCertificate(request, { cluster, nodeName, caPem, timeout: signingPatience, now, signal, say })
  const sign = (bytes: Buffer, hash: string): Promise<Buffer> => signOnHost(keeper, key, { bytes, hash })
  const ca = { certificate: await certificateOf(sign, caPem), sign }
  return signKubeletRequest(request, { ca, nodeName, now, validity: stored.certificateValidityPeriod })
}

/** Milliseconds that whoever keeps the key elsewhere has to sign: kubeadm's own patience with a TLS bootstrap. */
const signingPatience = 300_000

/** Of a bundle, which a cluster has while its CA is replaced, the one that the key belongs to. Who signs tells what does not fit at all. */
async function certificateOf(sign: DistantAuthority['sign'], caPem: string): Promise<X509Certificate> {
  const all = parseCertificates(caPem)
  const [first, ...others] = all
  if (others.length === 0) return first
  const bytes = Buffer.from('which CA is this the key of?')
  const signature = await sign(bytes, 'sha256')
  return all.find(({ publicKey }) => verify('sha256', bytes, publicKey, signature)) ?? first
}

async function whoHas(file: string, hosts: readonly Host[]): Promise<Host | undefined> {
  const found = await Promise.all(hosts.map((host) => host.stat(file)))
  return hosts.find((_, index) => found[index] !== undefined)
}
