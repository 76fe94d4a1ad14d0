import type { Cluster } from '../cluster/cluster.ts'
import { configMapText, getConfigMap } from '../cluster/stored-config-map.ts'
import type { ClusterConfiguration } from '../config/model.ts'
import { storedClusterConfiguration } from '../config/stored-config.ts'

/**
 * What the cluster keeps of its own configuration; `undefined` while it keeps none. Throws API_REFUSED, API_UNREACHABLE, CONFIG_INVALID.
 */
export async function readStoredCluster(cluster: Pick<Cluster, 'get'>): Promise<ClusterConfiguration | undefined> {
  const text = configMapText(await getConfigMap(cluster, 'kubeadm-config'), 'ClusterConfiguration')
  return text === undefined ? undefined : storedClusterConfiguration(text).cluster
}
