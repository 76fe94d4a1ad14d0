import { isRefusal } from '../cluster/api-error.ts'
import type { Cluster, ObjectRef } from '../cluster/cluster.ts'
import { kinds } from '../cluster/kinds.ts'
import { configMapText } from '../cluster/stored-config-map.ts'
import { retryUntil } from '../cluster/wait.ts'
import type { BootstrapToken } from '../config/model.ts'
import { KadmError } from '../errors.ts'
import { signClusterInfo } from './cluster-info-signature.ts'

export const clusterInfo: ObjectRef = { ...kinds.configMap, namespace: 'kube-public', name: 'cluster-info' }

/**
 * Adds to cluster-info what the controller-manager would add some seconds later for these tokens, so that a node can join at once. Only
 * over the kubeconfig that the ConfigMap holds at that moment (its resourceVersion goes with the patch). Resolves with false, and leaves it
 * to the controller-manager, when there is no cluster-info, when these credentials may not touch it, or when the API does not answer in
 * time.
 */
export async function addSignatures(
  cluster: Cluster,
  tokens: readonly BootstrapToken[],
  { timeout = 5000, signal }: { readonly timeout?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<boolean> {
  try {
    return await retryUntil(() => sign(cluster, tokens), {
      timeout,
      signal,
      describe: 'cluster-info to be signed',
      giveUp: (error) => !isRefusal(error, 'Conflict'),
    })
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof KadmError) return false
    throw error
  }
}

async function sign(cluster: Cluster, tokens: readonly BootstrapToken[]): Promise<boolean> {
  const object = await cluster.get(clusterInfo)
  const kubeconfig = configMapText(object, 'kubeconfig')
  if (object === undefined || !kubeconfig) return false
  const signatures = await signClusterInfo(kubeconfig, tokens)
  if (Object.keys(signatures).length === 0) return false
  const { resourceVersion } = object.metadata
  await cluster.patch(clusterInfo, { ...(resourceVersion && { metadata: { resourceVersion } }), data: signatures }, 'merge')
  return true
}
