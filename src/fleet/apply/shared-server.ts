/** Where the nodes of a cluster reach its API, by what the cluster itself keeps: a kubeconfig on a host may lead to that host alone. */
import { refusesForGood } from '../../cluster/api-error.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import { configMapText } from '../../cluster/stored-config-map.ts'
import { retryUntil, type TimeLimit } from '../../cluster/wait.ts'
import { endpointUrl } from '../../config/server-url.ts'
import { clusterOf, httpsServer, parseKubeconfig } from '../../discovery/kubeconfig-cluster.ts'
import { KadmError } from '../../errors.ts'
import { clusterInfo } from '../../tokens/add-signatures.ts'
import { readStoredCluster } from '../look/stored-cluster.ts'

/**
 * `https://host:port`: the endpoint that control planes share, else what cluster-info says; `undefined` when the cluster keeps neither.
 * Throws API_REFUSED, API_UNREACHABLE, CONFIG_INVALID.
 */
export async function sharedServer(cluster: Pick<Cluster, 'get' | 'server'>, wait: TimeLimit): Promise<string | undefined> {
  const isForGood = refusesForGood()
  return retryUntil(() => ask(cluster), {
    ...wait,
    describe: 'the address that the cluster keeps of itself',
    giveUp: (error) => isForGood(error) || (error instanceof KadmError && error.code.startsWith('CONFIG_')),
  })
}

async function ask(cluster: Pick<Cluster, 'get' | 'server'>): Promise<string | undefined> {
  const endpoint = (await readStoredCluster(cluster))?.controlPlaneEndpoint ?? ''
  // An endpoint without a port has that of the API servers.
  if (endpoint !== '') return endpointUrl(endpoint, new URL(cluster.server).port || '443')
  const info = configMapText(await cluster.get(clusterInfo), 'kubeconfig')
  return info === undefined ? undefined : serverIn(info)
}

function serverIn(kubeconfig: string): string | undefined {
  try {
    return httpsServer(clusterOf(parseKubeconfig(kubeconfig)).cluster)
  } catch {
    return undefined
  }
}
