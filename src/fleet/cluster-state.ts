/** What the cluster is now, as far as a plan depends on it: asked by way of a control plane. JSON data. */
import { isTransient } from '../cluster/api-error.ts'
import type { KubernetesObject } from '../cluster/cluster.ts'
import { isOwnCordon } from '../cluster/drain.ts'
import { kinds } from '../cluster/kinds.ts'
import { listAt, textAt, valueAt } from '../cluster/object-fields.ts'
import { retryUntil } from '../cluster/wait.ts'
import type { ClusterFile } from '../config/cluster-file.ts'
import type { Taint } from '../config/model.ts'
import { paths } from '../config/paths.ts'
import { messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { connectWithKubeconfig } from '../pki/kubeconfig-cluster.ts'
import { firstAnswer } from './first-answer.ts'
import { membersOf } from './forget-host.ts'
import { readStoredConfiguration, type StoredConfiguration } from './stored-cluster.ts'

export type ClusterState = { readonly kind: 'none' } | { readonly kind: 'unreachable'; readonly why: string } | RunningCluster

export interface RunningCluster {
  readonly kind: 'running'
  readonly server: string
  /** Of the control planes, as the cluster keeps it. */
  readonly kubernetesVersion: string
  readonly nodes: readonly NodeState[]
  /** Hosts that the file calls lost and etcd still has a member of. */
  readonly lostMembers: readonly string[]
}

export interface NodeState {
  readonly name: string
  readonly isControlPlane: boolean
  /** Version of its kubelet. */
  readonly kubelet: string
  /** A run of kadm has taken its Pods from it, and lets it have none. */
  readonly cordoned?: true
  /** Those that the file names, and no others. */
  readonly labels: Readonly<Record<string, string>>
  readonly taints: readonly Taint[]
}

export interface ObservedCluster {
  readonly cluster: ClusterState
  /** Beside the state, which a plan keeps. `undefined`: there is no answer, or the cluster keeps none yet. */
  readonly stored: StoredConfiguration | undefined
}

export interface AskOptions {
  readonly signal: AbortSignal
  /**
   * Milliseconds for an API that comes up: a control plane that has just been switched on has none for a while. Default: it is not waited
   * for.
   */
  readonly patience?: number
  /** Told that it is waited for. */
  readonly say?: (text: string) => void
}

/**
 * Asks these control planes, one after the other, until one has an answer; each gets 5 s, and then all together what the caller's patience
 * gives.
 */
export async function observeCluster(
  controlPlanes: readonly Host[],
  file: ClusterFile,
  { signal, patience = 0, say }: AskOptions,
): Promise<ObservedCluster> {
  let cluster: ClusterState = { kind: 'none' }
  for (const host of controlPlanes) {
    try {
      return await askCluster(host, file, { timeout: 5000, signal })
    } catch (error) {
      signal.throwIfAborted()
      cluster = { kind: 'unreachable', why: messageOf(error) }
    }
  }
  if (cluster.kind === 'none' || patience === 0) return { cluster, stored: undefined }
  say?.(`the API of the cluster does not answer yet (${cluster.why}): it gets ${patience / 1000} s more to come up`)
  const ask = (host: Host, stop: AbortSignal): Promise<ObservedCluster> => askCluster(host, file, { timeout: patience, signal: stop })
  try {
    return await firstAnswer(controlPlanes, ask, { signal })
  } catch (error) {
    signal.throwIfAborted()
    return { cluster: { kind: 'unreachable', why: messageOf(error) }, stored: undefined }
  }
}

async function askCluster(
  host: Host,
  file: ClusterFile,
  { timeout, signal }: { readonly timeout: number; readonly signal: AbortSignal },
): Promise<ObservedCluster> {
  const cluster = await connectWithKubeconfig(host, paths.adminConf, { signal })
  try {
    const ask = () => Promise.all([cluster.list(kinds.node), readStoredConfiguration(cluster, file)])
    const [nodes, stored] = await retryUntil(ask, {
      timeout,
      signal,
      describe: `an answer of the API at "${cluster.server}"`,
      giveUp: (error) => !isTransient(error),
    })
    const lost = file.hosts.filter(({ role }) => role === 'lost')
    return {
      cluster: {
        kind: 'running',
        server: cluster.server,
        // Empty while the cluster does not keep its configuration yet.
        kubernetesVersion: stored?.cluster.kubernetesVersion ?? '',
        nodes: nodes.map((node) => toNodeState(node, file)).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
        lostMembers: await membersOf(lost, stored?.cluster, { controlPlane: host, cluster, nodes, signal }),
      },
      stored,
    }
  } finally {
    await cluster.close()
  }
}

function toNodeState(node: KubernetesObject, file: ClusterFile): NodeState {
  const { metadata, spec, status } = node
  const wanted = file.hosts.find(({ name }) => name === metadata.name)
  const labels = metadata.labels ?? {}
  const taints = listAt(spec, 'taints').flatMap((taint) => toTaint(taint))
  return {
    name: metadata.name,
    isControlPlane: 'node-role.kubernetes.io/control-plane' in labels,
    kubelet: textAt(status, 'nodeInfo.kubeletVersion'),
    ...(isOwnCordon(node) && { cordoned: true }),
    labels: Object.fromEntries(Object.entries(labels).filter(([key]) => Object.hasOwn(wanted?.labels ?? {}, key))),
    taints: taints.filter(({ key, effect }) => wanted?.taints?.some((taint) => taint.key === key && taint.effect === effect) === true),
  }
}

function toTaint(taint: unknown): readonly Taint[] {
  const [key, value, effect] = ['key', 'value', 'effect'].map((name) => valueAt(taint, name))
  return typeof key === 'string' && typeof effect === 'string'
    ? [{ key, effect, ...(typeof value === 'string' && value !== '' && { value }) }]
    : []
}
