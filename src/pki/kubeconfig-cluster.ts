/** From a kubeconfig file on a host to the API that it names. */
import { connectCluster } from '../cluster/api-client.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { paths } from '../config/paths.ts'
import type { Host } from '../host/host.ts'
import { namedKubeconfigs, readKubeconfig, userCredentials } from './kubeconfig-file.ts'

export interface KubeconfigClusterOptions {
  /** Another way to the same API than the file's own: `https://host:port`. */
  readonly server?: string
  /** PEM that the API must be vouched for by; absent: what the file itself trusts. */
  readonly certificateAuthority?: string | undefined
  /** Ends every call. */
  readonly signal?: AbortSignal
}

/**
 * The cluster and the user of the file's current context, dialled as the host sees them; nothing is sent before the first call. Throws
 * KUBECONFIG_INVALID.
 */
export async function connectWithKubeconfig(
  host: Pick<Host, 'readText' | 'dial'>,
  path: string,
  { server, certificateAuthority, signal }: KubeconfigClusterOptions = {},
): Promise<Cluster> {
  const file = await readKubeconfig(host, path)
  const { clientCertificate, clientKey, token } = await userCredentials(host, file)
  return connectCluster({
    server: server ?? file.server,
    ca: certificateAuthority ?? file.certificateAuthority ?? '',
    clientCertificate,
    clientKey,
    token,
    signal,
    dial: (address) => host.dial(address),
  })
}

/**
 * The kubeconfig that is meant when none is named: the first that exists of KUBECONFIG (else ~/.kube/config) and admin.conf; the first when
 * none does.
 */
export async function usualKubeconfig(host: Pick<Host, 'facts' | 'stat'>): Promise<string> {
  const { environment } = await host.facts()
  const named = namedKubeconfigs(environment)
  const own = named.length > 0 ? named : [`${environment['HOME'] ?? ''}/.kube/config`]
  for (const path of [...own, paths.adminConf]) if ((await host.stat(path)) !== undefined) return path
  return own[0] ?? paths.adminConf
}
