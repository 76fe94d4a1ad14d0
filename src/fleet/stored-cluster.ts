import type { Cluster } from '../cluster/cluster.ts'
import { kinds } from '../cluster/kinds.ts'
import type { ClusterConfiguration } from '../config/model.ts'
import { storedClusterConfiguration } from '../config/stored-config.ts'

/** What the cluster keeps of its own configuration; `undefined` while it keeps none. Throws API_REFUSED, API_UNREACHABLE, CONFIG_INVALID. */
export async function readStoredCluster(cluster: Pick<Cluster, 'get'>): Promise<ClusterConfiguration | undefined> {
  const found = await cluster.get({ ...kinds.configMap, namespace: 'kube-system', name: 'kubeadm-config' })
  const data = found?.['data']
  const text = typeof data === 'object' && data !== null && 'ClusterConfiguration' in data ? data.ClusterConfiguration : undefined
  return typeof text === 'string' ? storedClusterConfiguration(text).cluster : undefined
}
