/** A node without the Pods that can live elsewhere: for a restart of its kubelet, or before it is taken out of the cluster. */
import { KadmError, hasCode } from '../errors.ts'
import { ApiError, isTransient } from './api-error.ts'
import type { Cluster, KubernetesObject } from './cluster.ts'
import { describeRef, kinds, refOf } from './kinds.ts'
import { listAt, textAt, valueAt } from './object-fields.ts'
import { retryUntil, type TimeLimit } from './wait.ts'

export interface DrainOptions extends TimeLimit {
  readonly say: (line: string) => void
  /** Evict Pods too that nobody makes anew: they are lost. Default false: one of them stops the drain before anything is evicted. */
  readonly force?: boolean
}

/**
 * Cordons the node and evicts its Pods; resolves when they are gone. PodDisruptionBudgets are respected: what they refuse is asked for
 * again until the time is up. Pods of DaemonSets and mirror Pods stay, data in an `emptyDir` goes with its Pod. May be repeated.
 *
 * @throws KadmError DRAIN_BLOCKED, which names the Pods that are left and what holds them; API_REFUSED, API_UNREACHABLE
 */
export async function drainNode(cluster: Cluster, name: string, { timeout, signal, say, force = false }: DrainOptions): Promise<void> {
  await cordonNode(cluster, name)
  const told = new Set<string>()
  let hopeless: KadmError | undefined
  // Asked for again and again, not watched: a watch does not tell of a Pod that went before it began, and each look asks for refused
  // evictions once more.
  const look = async (): Promise<void> => {
    const pods = (await cluster.list(kinds.pod, { fieldSelector: `spec.nodeName=${name}` })).filter(leaves)
    const lost = pods.filter((pod) => !isEnding(pod) && !isMadeAnew(pod))
    if (lost.length > 0 && !force) throw (hopeless = wouldBeLost(name, lost))
    const left = await Promise.all(pods.map((pod) => evicted(cluster, pod, told, say)))
    if (left.length > 0) throw blocked(left)
  }
  await retryUntil(look, {
    timeout,
    signal,
    describe: `the Pods of node "${name}" to leave it`,
    giveUp: (error) => error === hopeless || !(isBlocked(error) || isTransient(error)),
  })
}

/** No new Pods for the node. One that somebody else has cordoned is left to them: `uncordonNode` then leaves it cordoned. */
export async function cordonNode(cluster: Cluster, name: string): Promise<void> {
  const node = await nodeOf(cluster, name)
  if (valueAt(node, 'spec.unschedulable') === true) return
  await cluster.patch(refOf(node), { metadata: { annotations: { [ownCordon]: 'true' } }, spec: { unschedulable: true } }, 'merge')
}

/** Takes back what `cordonNode` did, also in a run before this one. */
export async function uncordonNode(cluster: Cluster, name: string): Promise<void> {
  const node = await nodeOf(cluster, name)
  if (!isOwnCordon(node)) return
  await cluster.patch(refOf(node), { metadata: { annotations: { [ownCordon]: null } }, spec: { unschedulable: null } }, 'merge')
}

/** Is what `cordonNode` did still there? */
export function isOwnCordon({ metadata }: KubernetesObject): boolean {
  return metadata.annotations?.[ownCordon] !== undefined
}

/** On a Node: it was kadm that cordoned it, and kadm may take that back. */
const ownCordon = 'kadm/cordoned'

async function nodeOf(cluster: Cluster, name: string): Promise<KubernetesObject> {
  const node = await cluster.get({ ...kinds.node, name })
  if (node !== undefined) return node
  throw new KadmError('API_REFUSED', `the cluster has no Node "${name}"`, { remedy: ['kubectl get nodes'] })
}

/**
 * A mirror Pod is a file on the host, and a DaemonSet would put its Pod back at once. What has ended holds nothing and counts for no
 * budget.
 */
function leaves(pod: KubernetesObject): boolean {
  const isMirror = pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined
  const hasEnded = ['Succeeded', 'Failed'].includes(textAt(pod, 'status.phase'))
  return !isMirror && !hasEnded && controllerOf(pod) !== 'DaemonSet'
}

function isMadeAnew(pod: KubernetesObject): boolean {
  return controllerOf(pod) !== ''
}

function controllerOf(pod: KubernetesObject): string {
  return textAt(
    listAt(pod, 'metadata.ownerReferences').find((owner) => valueAt(owner, 'controller') === true),
    'kind',
  )
}

function isEnding(pod: KubernetesObject): boolean {
  return valueAt(pod, 'metadata.deletionTimestamp') !== undefined
}

interface Left {
  readonly pod: string
  readonly why: string
}

async function evicted(cluster: Cluster, pod: KubernetesObject, told: Set<string>, say: (line: string) => void): Promise<Left> {
  const name = describeRef(refOf(pod))
  if (isEnding(pod)) return { pod: name, why: 'it is ending' }
  try {
    await cluster.evict(pod)
    if (!told.has(name)) say(`Evicting ${name}`)
    told.add(name)
    return { pod: name, why: 'it is ending' }
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 429) throw error
    return { pod: name, why: error.why }
  }
}

function isBlocked(error: unknown): boolean {
  return hasCode(error, 'DRAIN_BLOCKED')
}

function blocked(left: readonly Left[]): KadmError {
  const lines = left.map(({ pod, why }) => `${pod}: ${why}`)
  const refused = left.some(({ why }) => why !== 'it is ending')
  return new KadmError('DRAIN_BLOCKED', lines.length === 1 ? `${lines[0]}` : `${lines.length} Pods are left, first ${lines[0]}`, {
    details: lines,
    remedy: [
      refused
        ? 'kubectl get pdb -A   # give the budget another healthy Pod, or a lower minAvailable'
        : 'kubectl get pods -A -o wide   # a finalizer or a long grace period may hold it',
      'run the command again: it goes on with what is left',
    ],
  })
}

function wouldBeLost(node: string, pods: readonly KubernetesObject[]): KadmError {
  const names = pods.map((pod) => describeRef(refOf(pod)))
  return new KadmError('DRAIN_BLOCKED', `node "${node}" has Pods that nobody makes anew elsewhere: ${names.join(', ')}`, {
    details: names,
    remedy: pods.map((pod) => `kubectl -n ${pod.metadata.namespace} delete pod ${pod.metadata.name}`) as [string, ...string[]],
  })
}
