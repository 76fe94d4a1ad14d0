/** What the API of a cluster tells a node that joins: its configuration, and who else has the node's name. */
import { refusesForGood } from '../../cluster/api-error.ts'
import type { Cluster, KubernetesObject } from '../../cluster/cluster.ts'
import { describeRef, kinds } from '../../cluster/kinds.ts'
import { awaitConfigMap, configMapText } from '../../cluster/stored-config-map.ts'
import { retryUntil } from '../../cluster/wait.ts'
import { nodeSettings } from '../../config/join-config.ts'
import { kubeProxyDefaults } from '../../config/kube-proxy-defaults.ts'
import type { InitConfig, JoinConfig } from '../../config/model.ts'
import { refuseOldCluster, storedClusterConfiguration, storedKubeletConfiguration } from '../../config/stored-config.ts'

export interface ClusterFactsOptions {
  readonly join: JoinConfig
  readonly signal: AbortSignal
  readonly warn: (line: string) => void
}

/**
 * The configuration that the cluster keeps, with this node's part in it. Both ConfigMaps are asked for side by side. Throws CONFIG_INVALID,
 * API_REFUSED, API_UNREACHABLE.
 */
export async function readClusterConfig(cluster: Cluster, { join, signal, warn }: ClusterFactsOptions): Promise<InitConfig> {
  const read = async (name: string, key: string): Promise<string> =>
    configMapText(await awaitConfigMap(cluster, name, { holding: key, timeout: join.timeouts.kubernetesAPICall, signal }), key) ?? ''
  const [clusterText, kubeletText] = await Promise.all([read('kubeadm-config', 'ClusterConfiguration'), read('kubelet-config', 'kubelet')])
  const stored = storedClusterConfiguration(clusterText)
  refuseOldCluster(stored.cluster)
  const { kubelet, warnings } = storedKubeletConfiguration(kubeletText, stored.cluster)
  for (const line of [...stored.warnings, ...warnings]) warn(line)
  return {
    cluster: stored.cluster,
    kubelet,
    // No part of a join reads it: the cluster's own is in a ConfigMap that its DaemonSet mounts.
    kubeProxy: { document: kubeProxyDefaults({}, { podSubnet: '', advertiseAddress: '' }).document, userSupplied: false },
    init: nodeSettings(join),
  }
}

/** The Node of this name, if there is one. Throws API_REFUSED, API_UNREACHABLE. */
export function readNode(
  cluster: Cluster,
  name: string,
  { join, signal }: Pick<ClusterFactsOptions, 'join' | 'signal'>,
): Promise<KubernetesObject | undefined> {
  const ref = { ...kinds.node, name }
  const describe = `the answer whether there is a ${describeRef(ref)}`
  return retryUntil(() => cluster.get(ref), { timeout: join.timeouts.kubernetesAPICall, signal, describe, giveUp: refusesForGood() })
}
