/** The API of the cluster that init makes, as its administrator. */
import { ensureClusterAdmins } from '../../cluster/cluster-admins.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import type { InitConfig } from '../../config/model.ts'
import { paths } from '../../config/paths.ts'
import { localServerUrl } from '../../config/server-url.ts'
import type { Host } from '../../host/host.ts'
import { connectWithKubeconfig } from '../../pki/kubeconfig/kubeconfig-cluster.ts'

export interface InitClusterOptions {
  readonly config: InitConfig
  readonly host: Host
  readonly kubeconfig: string
  readonly kubeconfigDir: string
  readonly signal: AbortSignal
}

/**
 * Connects at the first call. With the default kubeconfig: to this host's own API server, for the stable endpoint may not be there yet, and
 * as super-admin where that file is, who needs no role: so objects are made from the moment the API answers, while the server is still
 * making its own. The rights of admin.conf (ClusterRoleBinding `kubeadm:cluster-admins`) are made on the way. Another kubeconfig is used as
 * it is.
 */
export function initCluster({ config, host, kubeconfig, kubeconfigDir, signal }: InitClusterOptions): () => Promise<Cluster> {
  let connected: Promise<Cluster> | undefined
  const server = localServerUrl(config)
  const connect = async (): Promise<Cluster> => {
    if (kubeconfig !== paths.adminConf) return connectWithKubeconfig(host, kubeconfig)
    const admin = await connectWithKubeconfig(host, kubeconfig, { server })
    const superAdminConf = `${kubeconfigDir}/super-admin.conf`
    const superAdmin =
      (await host.stat(superAdminConf)) === undefined ? undefined : await connectWithKubeconfig(host, superAdminConf, { server })
    await ensureClusterAdmins(superAdmin ?? admin, async () => superAdmin, { timeout: config.init.timeouts.kubernetesAPICall, signal })
    return superAdmin ?? admin
  }
  return () => (connected ??= connect())
}
