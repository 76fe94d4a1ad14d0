/** The shared certificates of a cluster, out of the Secret `kubeadm-certs`. */
import { isRefusal, isTransient } from '../cluster/api-error.ts'
import type { Cluster, KubernetesObject } from '../cluster/cluster.ts'
import { kinds } from '../cluster/kinds.ts'
import { retryUntil } from '../cluster/wait.ts'
import type { InitConfig } from '../config/model.ts'
import { KadmError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { openSharedCertificates, type SealedCertificates } from './shared-certificates.ts'

export interface DownloadSharedCertificatesOptions {
  readonly config: Pick<InitConfig, 'cluster'>
  readonly host: Pick<Host, 'writeFile'>
  /** The certificate key, hexadecimal. */
  readonly key: string
  /** Milliseconds, `timeouts.kubernetesAPICall`. */
  readonly timeout: number
  readonly signal?: AbortSignal | undefined
  readonly say: (line: string) => void
}

/**
 * Reads the Secret as the bootstrap token's user, whom the cluster allows just that, and writes what it holds into the folder of
 * certificates; nothing is written unless all of it opens. Throws CERTIFICATE_INVALID when there is no such Secret (it lives two hours) or
 * the key does not open it, TOKEN_INVALID for a key of the wrong form.
 */
export async function downloadSharedCertificates(
  cluster: Pick<Cluster, 'get'>,
  { config, host, key, timeout, signal, say }: DownloadSharedCertificatesOptions,
): Promise<void> {
  say('Downloading the certificates in Secret "kubeadm-certs" in the "kube-system" Namespace')
  const start = performance.now()
  const secret = await retryUntil(() => cluster.get({ ...kinds.secret, namespace: 'kube-system', name: 'kubeadm-certs' }), {
    timeout,
    signal,
    describe: 'the Secret kube-system/kubeadm-certs',
    giveUp: (error) =>
      isRefusal(error, 'Forbidden') ? performance.now() - start > refusalPatience : isRefusal(error, 'Unauthorized') || !isTransient(error),
  }).catch((error: unknown) => {
    // The right to read it is given with the first upload: where there was none, it is forbidden.
    if (isRefusal(error, 'Forbidden')) return undefined
    throw error
  })
  if (secret === undefined) throw notUploaded()
  say(`Saving the certificates to the folder: "${config.cluster.certificatesDir}"`)
  await openSharedCertificates({ config, host, key, data: dataOf(secret) })
}

/** Milliseconds after which a refusal is meant: an API server takes a moment to hear of a new role. */
const refusalPatience = 2000

/** `data` of a Secret; `null` for an entry that is empty is what kubeadm's plan shows. */
function dataOf({ data }: KubernetesObject): SealedCertificates {
  if (typeof data !== 'object' || data === null) return {}
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, typeof value === 'string' ? value : '']))
}

function notUploaded(): KadmError {
  return new KadmError('CERTIFICATE_INVALID', 'the cluster holds no certificates for a new control plane (Secret "kubeadm-certs")', {
    remedy: [
      'kadm init phase upload-certs --upload-certs   # on a control plane; then run this command again, within two hours, with the --certificate-key that it prints',
      'or copy the certificates from a control plane and leave --certificate-key out',
    ],
  })
}
