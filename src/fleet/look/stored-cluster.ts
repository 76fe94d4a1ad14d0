/** What a cluster keeps of its own configuration, in the ConfigMaps of kube-system. */
import type { Cluster } from '../../cluster/cluster.ts'
import { configMapText, getConfigMap } from '../../cluster/stored-config-map.ts'
import type { ClusterFile } from '../../config/cluster-file.ts'
import { kubeletKind, kubeProxyKind, printedComponent, type ComponentKind } from '../../config/component-config.ts'
import type { ClusterConfiguration } from '../../config/model.ts'
import { storedClusterConfiguration, storedComponent } from '../../config/stored-config.ts'
import { KadmError } from '../../errors.ts'
import type { JsonObject } from '../../json.ts'

export interface StoredConfiguration {
  readonly cluster: ClusterConfiguration
  /** As Go prints it; `undefined`: it is not there, or it cannot be read. */
  readonly kubelet: JsonObject | undefined
  /** Likewise, or nobody asked. */
  readonly kubeProxy: JsonObject | undefined
}

/**
 * `undefined` while the cluster keeps none. Of kube-proxy only where the file has a word on it. Throws API_REFUSED, API_UNREACHABLE,
 * CONFIG_INVALID.
 */
export async function readStoredConfiguration(
  cluster: Pick<Cluster, 'get'>,
  { kubeadm }: Pick<ClusterFile, 'kubeadm'>,
): Promise<StoredConfiguration | undefined> {
  const [stored, kubelet, kubeProxy] = await Promise.all([
    readStoredCluster(cluster),
    readComponent(cluster, kubeletKind, { name: 'kubelet-config', key: 'kubelet' }),
    kubeadm.kubeProxyConfiguration && readComponent(cluster, kubeProxyKind, { name: 'kube-proxy', key: 'config.conf' }),
  ])
  return stored && { cluster: stored, kubelet, kubeProxy }
}

/**
 * What the cluster keeps of its own configuration; `undefined` while it keeps none. Throws API_REFUSED, API_UNREACHABLE, CONFIG_INVALID.
 */
export async function readStoredCluster(cluster: Pick<Cluster, 'get'>): Promise<ClusterConfiguration | undefined> {
  const text = configMapText(await getConfigMap(cluster, 'kubeadm-config'), 'ClusterConfiguration')
  return text === undefined ? undefined : storedClusterConfiguration(text).cluster
}

/** No plan depends on it: what is not there or cannot be read is left out. Throws API_UNREACHABLE. */
async function readComponent(
  cluster: Pick<Cluster, 'get'>,
  kind: ComponentKind,
  { name, key }: { readonly name: string; readonly key: string },
): Promise<JsonObject | undefined> {
  try {
    const text = configMapText(await getConfigMap(cluster, name), key) ?? ''
    return printedComponent(kind, storedComponent(kind, name, text).value)
  } catch (error) {
    if (error instanceof KadmError && error.code !== 'API_UNREACHABLE') return undefined
    throw error
  }
}
