/** What the cluster is now, as far as a plan depends on it: asked by way of a control plane. JSON data. */
import { ApiError, isTransient } from '../../cluster/api-error.ts'
import type { KubernetesObject } from '../../cluster/cluster.ts'
import { isOwnCordon } from '../../cluster/drain.ts'
import { kinds } from '../../cluster/kinds.ts'
import { listAt, textAt, valueAt } from '../../cluster/object-fields.ts'
import { retryUntil } from '../../cluster/wait.ts'
import type { ClusterFile, ClusterHost } from '../../config/cluster-file.ts'
import type { Taint } from '../../config/model.ts'
import { paths } from '../../config/paths.ts'
import { hasCode, messageOf, type ErrorCode } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { controlPlaneTaint, isControlPlaneNode } from '../../manifests/node-labels.ts'
import { connectWithKubeconfig } from '../../pki/kubeconfig/kubeconfig-cluster.ts'
import { fleetRemedy } from '../fleet-remedies.ts'
import type { Place } from '../host-flags.ts'
import { firstAnswer } from './first-answer.ts'
import { isBare, unreachable, type HostState } from './host-state.ts'
import { membersOf } from './lost-members.ts'
import { readStoredConfiguration, type StoredConfiguration } from './stored-cluster.ts'

export type ClusterState = { readonly kind: 'none' } | UnknownCluster | RunningCluster

/** It is there, and does not say what it is. */
export interface UnknownCluster {
  readonly kind: 'unreachable'
  readonly why: string
  /** Of a failure that kadm foresaw. */
  readonly code?: ErrorCode
  /** Lines to paste or to follow. */
  readonly remedy?: readonly string[]
}

export interface RunningCluster {
  readonly kind: 'running'
  readonly server: string
  /** Of the control planes, as the cluster keeps it. */
  readonly kubernetesVersion: string
  /** As the cluster keeps it, empty when it was made without one; left out while it keeps no configuration. */
  readonly controlPlaneEndpoint?: string
  readonly nodes: readonly NodeState[]
  /** Hosts of which etcd still has a member, though nothing on them is one: lost, or bare, or absent and out of reach. */
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
  /** Those with a key that the file names; where it says which taints there are, that of control planes too. */
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
  controlPlanes: readonly AskedHost[],
  wanted: Wanted,
  { signal, patience = 0, say }: AskOptions,
): Promise<ObservedCluster> {
  const failures: unknown[] = []
  for (const { host } of controlPlanes) {
    try {
      return await askCluster(host, wanted, { timeout: 5000, signal })
    } catch (error) {
      signal.throwIfAborted()
      failures.push(error)
    }
  }
  const [first] = controlPlanes
  if (first === undefined) return { cluster: { kind: 'none' }, stored: undefined }
  const last = failures.at(-1)
  const isHopeless = failures.every((error) => hasCode(error, 'CONFIG_INVALID', 'KUBECONFIG_INVALID', 'CERTIFICATE_INVALID'))
  if (isHopeless || patience === 0) return { cluster: unknownCluster(last, (controlPlanes.at(-1) ?? first).place), stored: undefined }
  say?.(`the API of the cluster does not answer yet (${messageOf(last)}): it gets ${patience / 1000} s more to come up`)
  const ask = ({ host }: AskedHost, stop: AbortSignal): Promise<ObservedCluster> =>
    askCluster(host, wanted, { timeout: patience, signal: stop })
  try {
    return await firstAnswer(controlPlanes, ask, { signal })
  } catch (error) {
    signal.throwIfAborted()
    return { cluster: unknownCluster(error, first.place), stored: undefined }
  }
}

/** @param asked who has failed to tell */
function unknownCluster(error: unknown, asked: Place): UnknownCluster {
  const { why, code, remedy } = unreachable(error)
  const refusal = [error, error instanceof Error ? error.cause : undefined].find((one) => one instanceof ApiError)
  // Elsewhere that would be to take the administrator's own file: this was it.
  const lines = refusal?.status === 401 ? ['kadm certs renew admin.conf   # if its certificate has expired'] : remedy
  return { kind: 'unreachable', why, ...(code !== undefined && { code }), remedy: lines.flatMap((line) => fleetRemedy(line, asked)) }
}

export interface AskedHost {
  readonly host: Host
  readonly place: Place
}

interface Wanted {
  readonly file: ClusterFile
  /** Of every host of the file, by name. */
  readonly states: ReadonlyMap<string, HostState>
}

async function askCluster(
  host: Host,
  { file, states }: Wanted,
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
    const asking = { controlPlane: host, cluster, nodes, signal }
    const lost = file.hosts.filter(({ role }) => role === 'lost')
    const gone = file.hosts.filter((one) => mayHaveLeftMember(one, states.get(one.name), nodes))
    return {
      cluster: {
        kind: 'running',
        server: cluster.server,
        // Empty while the cluster does not keep its configuration yet.
        kubernetesVersion: stored?.cluster.kubernetesVersion ?? '',
        ...(stored !== undefined && { controlPlaneEndpoint: stored.cluster.controlPlaneEndpoint ?? '' }),
        nodes: nodes.map((node) => toNodeState(node, file)).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
        lostMembers: [
          ...(await membersOf(lost, stored?.cluster, asking)),
          // Of these nobody said that they are gone: an etcd that does not answer is no reason to have no plan.
          ...(await membersOf(gone, stored?.cluster, asking).catch(() => [])),
        ],
      },
      stored,
    }
  } finally {
    await cluster.close()
  }
}

/** Where the host itself says of no member of etcd, and a machine of its name may have had one. */
export function mayHaveLeftMember({ name, role }: ClusterHost, state: HostState | undefined, nodes: readonly KubernetesObject[]): boolean {
  if (state === undefined || role === 'lost') return false
  const hasNothing = state.kind === 'reached' && isBare(state)
  if (role === 'absent') return hasNothing || state.kind === 'unreachable'
  // A control plane that joins asks etcd itself.
  return role === 'worker' && hasNothing && nodes.some((node) => node.metadata.name === name && isControlPlaneNode(node))
}

function toNodeState(node: KubernetesObject, file: ClusterFile): NodeState {
  const { metadata, spec, status } = node
  const wanted = file.hosts.find(({ name }) => name === metadata.name)
  const labels = metadata.labels ?? {}
  const taints = listAt(spec, 'taints').flatMap((taint) => toTaint(taint))
  return {
    name: metadata.name,
    isControlPlane: isControlPlaneNode(node),
    kubelet: textAt(status, 'nodeInfo.kubeletVersion'),
    ...(isOwnCordon(node) && { cordoned: true }),
    labels: Object.fromEntries(Object.entries(labels).filter(([key]) => Object.hasOwn(wanted?.labels ?? {}, key))),
    taints: taints.filter(({ key }) =>
      key === controlPlaneTaint ? wanted?.taints !== undefined : wanted?.taints?.some((taint) => taint.key === key) === true,
    ),
  }
}

function toTaint(taint: unknown): readonly Taint[] {
  const [key, value, effect] = ['key', 'value', 'effect'].map((name) => valueAt(taint, name))
  return typeof key === 'string' && typeof effect === 'string'
    ? [{ key, effect, ...(typeof value === 'string' && value !== '' && { value }) }]
    : []
}
