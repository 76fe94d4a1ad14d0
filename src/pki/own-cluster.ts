import type { Cluster } from '../cluster/cluster.ts'
import { paths } from '../config/paths.ts'
import type { Host } from '../host/host.ts'
import { connectWithKubeconfig } from './kubeconfig/kubeconfig-cluster.ts'
import { readKubeconfig } from './kubeconfig/kubeconfig-file.ts'

/**
 * As administrator, by the API server of this very control plane: a balancer may not know it yet. Throws KUBECONFIG_INVALID.
 * @param certificateAuthority PEM that must vouch for it, whatever the host itself trusts; absent: what its admin.conf says
 */
export async function connectOwnCluster(host: Host, signal: AbortSignal, certificateAuthority?: string): Promise<Cluster> {
  const { server } = await readKubeconfig(host, paths.controllerManagerConf)
  return connectWithKubeconfig(host, paths.adminConf, { server, certificateAuthority, signal })
}
