/** What is to be done on one host, and what stands in the way of it. Pure. */
import { clusterDocument } from '../../config/cluster-file-documents.ts'
import type { ClusterFile, ClusterHost } from '../../config/cluster-file.ts'
import { paths } from '../../config/paths.ts'
import { withCode } from '../../errors.ts'
import { shellQuote } from '../../host/shell-quote.ts'
import type { ClusterState, NodeState, RunningCluster } from '../look/cluster-state.ts'
import type { Action, ActionKind } from './decide.ts'
import { fleetRemedy } from '../fleet-remedies.ts'
import { hostFlags } from '../host-flags.ts'
import { hasCutOffUpgrade, isBare, whyUnknown, type HostState, type ReachedHost, type UnreachableHost } from '../look/host-state.ts'

interface HostDecision {
  readonly actions: readonly Action[]
  readonly problems: readonly HostProblem[]
}

interface HostProblem {
  readonly text: string
  /** Whether the cluster is not upgraded because of it. `new`: one that was cut off is gone on with all the same. */
  readonly stopsUpgrade: 'always' | 'new' | 'never'
}

interface HostContext {
  readonly file: ClusterFile
  readonly cluster: ClusterState
  readonly first: string | undefined
  readonly state: HostState
}

export function decideHost(host: ClusterHost, context: HostContext): HostDecision {
  const { name, role } = host
  const { cluster, state } = context
  const node = cluster.kind === 'running' ? cluster.nodes.find((one) => one.name === name) : undefined
  if (state.kind === 'lost') return decideLost(name, node, cluster)
  const other = otherNode(name, state)
  if (other !== undefined) return problem(other, 'always')
  if (role === 'absent') return decideAbsent(host, { state, node, cluster })
  if (state.kind === 'unreachable') return problem(reachProblem(host, state, { isMember: node !== undefined }), stopsUnreached(role))
  return decideWanted(host, { ...context, state, node })
}

interface WantedContext extends HostContext {
  readonly state: ReachedHost
  readonly node: NodeState | undefined
}

function decideWanted(host: ClusterHost, { file, cluster, first, state, node }: WantedContext): HostDecision {
  const { name, role } = host
  const otherwise = role === 'worker' ? otherThanWorker(name, state, cluster) : undefined
  if (otherwise !== undefined) return otherwise
  // A bare machine brings a Node of its own: what the one has that is gone will be gone too.
  const marks = isBare(state) ? missingMarks(host, undefined) : [...missingMarks(host, node), ...cordonLeft(state, node)]
  const mark = marks.length === 0 ? [] : [action(name, 'mark', marks.join(', '))]
  const network = file.networkManifest === undefined ? '' : `, with the pod network of ${file.networkManifest}`
  const begin = (kind: 'init' | 'join', why: string) => ({
    // A join that was cut off may not have got to what it was to replace. Of its own that removes nothing: what has data here stays.
    actions: [{ ...action(name, kind, why), ...(kind === 'join' && node !== undefined && { replaces: true as const }) }, ...mark],
    problems: [],
  })
  const isFirst = name === first
  if (state.unfinished === 'init' && isFirst) return begin('init', `an init was cut off here${network}`)
  if (state.unfinished === 'join' && !isFirst) return begin('join', 'a join was cut off here')
  const unfinished = unfinishedProblem(host, state)
  if (unfinished !== undefined) return unfinished
  if (state.node === 'none') {
    if (isFirst && cluster.kind === 'none')
      return begin('init', `there is no cluster yet, and ${name} is the first control plane of the file${network}`)
    const gone = `the cluster has a Node ${name}, and this machine has nothing of it: it takes the place of the one that is gone`
    return begin('join', node === undefined ? `${name} is not in the cluster "${file.name}" yet` : gone)
  }
  // Whatever it is asked for as the first of the control planes needs it.
  if (state.lacksAdminConf === true) return problem(withoutAdminConf(host, { file, cluster }), 'always')
  // An init is gone on with: whether the Node has its marks already only the cluster will tell.
  if (cluster.kind !== 'running') return { actions: mark, problems: [] }
  return decideMember(host, { state, node, mark, cluster })
}

function withoutAdminConf(host: ClusterHost, { file, cluster }: Pick<HostContext, 'file' | 'cluster'>): string {
  const kept = cluster.kind === 'running' ? cluster : undefined
  const version = kept?.kubernetesVersion || file.kubernetesVersion
  const endpoint = kept?.controlPlaneEndpoint ?? clusterDocument(file)['controlPlaneEndpoint'] ?? ''
  const flags = `--kubernetes-version ${version}${endpoint === '' ? '' : ` --control-plane-endpoint ${shellQuote(String(endpoint))}`}`
  const remedy = fleetRemedy(`kadm init phase kubeconfig admin ${flags}`, host)
  return [`${host.name} is a control plane without ${paths.adminConf}`, ...remedy].join('\n    ')
}

function otherThanWorker(name: string, state: ReachedHost, cluster: ClusterState): HostDecision | undefined {
  // Whoever has taken over a worker can lay the files of a control plane there: it is never asked about the cluster, nor given its keys.
  // A join of a worker that was cut off is none of a control plane: what its journal says does not make it one.
  if (state.node === 'control-plane') return problem(wrongRole(name, state.node, 'worker'), 'always')
  return isBare(state) && hasMember(name, cluster) ? problem(memberOfWorker(name), 'never') : undefined
}

function wrongRole(name: string, is: ReachedHost['node'], wanted: ClusterHost['role']): string {
  return `${name} is a ${is}, and the file wants a ${wanted}: make it "role: absent" first`
}

/** The machine at this address is somebody else in the cluster: what the plan would do to one it would do to the other. */
function otherNode(name: string, state: HostState): string | undefined {
  if (state.kind !== 'reached' || state.node === 'none' || state.nodeName === undefined || state.nodeName === name) return undefined
  return `the machine at the address of ${name} is Node "${state.nodeName}": call it so in the file, or give ${name} its own address`
}

/** Only what has begun it can end it. */
function unfinishedProblem(host: ClusterHost, { unfinished, node }: ReachedHost): HostDecision | undefined {
  const { name } = host
  if (unfinished?.startsWith('undo') === true) {
    const all = unfinished === 'undo --all' ? ' --all' : ''
    return problem(`${name} has a "kadm ${unfinished}" that was not finished\n    kadm undo -f FILE --host ${name}${all}   # first`, 'new')
  }
  // An upgrade would start again what is half gone.
  if (unfinished === 'reset')
    return problem(`a removal of ${name} was cut off: make it "role: absent" once more, or reset it\n    ${resetOf(host)}`, 'always')
  if (unfinished === undefined || node !== 'none') return undefined
  return problem(`${name} has a "kadm ${unfinished}" that was not finished\n    ${resetOf(host)}   # first`, 'never')
}

function resetOf(host: ClusterHost): string {
  return `kadm reset ${hostFlags(host)}`
}

interface MemberContext extends Pick<WantedContext, 'state' | 'node'> {
  readonly mark: readonly Action[]
  readonly cluster: RunningCluster
}

function decideMember(host: ClusterHost, { state, node, mark, cluster }: MemberContext): HostDecision {
  const { name, role } = host
  if (node === undefined)
    return problem(
      `${name} was a node once (/etc/kubernetes/kubelet.conf is there), and the cluster at ${cluster.server} has no Node of that name\n    ${resetOf(host)}   # first`,
      'new',
    )
  if (state.node !== role) return problem(wrongRole(name, state.node, role), 'new')
  return { actions: mark, problems: [] }
}

interface AbsentContext {
  readonly state: ReachedHost | UnreachableHost
  readonly node: NodeState | undefined
  readonly cluster: ClusterState
}

function decideAbsent(host: ClusterHost, { state, node, cluster }: AbsentContext): HostDecision {
  const { name } = host
  const isMember = hasMember(name, cluster)
  if (state.kind === 'unreachable') {
    if (node !== undefined || isMember) return problem(reachProblem(host, state, { isLeaving: true, isMember: true }), 'never')
    if (cluster.kind === 'running') return nothing
    // It may be the one that has the cluster.
    return problem(`${reachProblem(host, state, { isLeaving: true })}\n    or take it out of the file, if nothing is left of it`, 'never')
  }
  // A removal takes its member along, by what is on the machine. Here nothing is.
  if (isBare(state) && isMember)
    return forget(name, `its machine has nothing of the cluster any more, and the cluster has ${leftOf(node, isMember)} of it`)
  if (isBare(state) && node === undefined) return nothing
  return {
    actions: [
      action(
        name,
        'remove',
        node !== undefined
          ? 'the file wants it absent'
          : state.node === 'none'
            ? `it has what is left of a "kadm ${state.unfinished}", and the file wants it absent`
            : 'it has a kubelet of a cluster, and the file wants it absent',
      ),
    ],
    problems: [],
  }
}

/** Of a removal (or an undo) that was stopped, as by a PodDisruptionBudget, and is not wanted any more. An upgrade that goes on ends its own. */
function cordonLeft(state: ReachedHost, node: NodeState | undefined): readonly string[] {
  return node?.cordoned === true && !hasCutOffUpgrade(state) ? ['it was to leave the cluster, and takes Pods again'] : []
}

/** What is only away comes back: only the file says that a machine is gone. */
function decideLost(name: string, node: NodeState | undefined, cluster: ClusterState): HostDecision {
  const left = leftOf(node, hasMember(name, cluster))
  return left === '' ? nothing : forget(name, `its machine is gone, and the cluster has ${left} of it`)
}

function forget(name: string, why: string): HostDecision {
  return { actions: [action(name, 'forget', why)], problems: [] }
}

/** In words. */
function leftOf(node: NodeState | undefined, isMember: boolean): string {
  return [...(isMember ? ['a member of etcd'] : []), ...(node === undefined ? [] : ['a Node'])].join(' and ')
}

function hasMember(name: string, cluster: ClusterState): boolean {
  return cluster.kind === 'running' && cluster.lostMembers.includes(name)
}

function memberOfWorker(name: string): string {
  return `etcd has a member of ${name}, which was a control plane, and the machine has nothing of it: that member counts for the quorum\n    role: lost   # in the file, and apply; then make it a worker again`
}

/** In words. The taints of a new node come with its kubelet. */
function missingMarks({ labels, taints }: ClusterHost, node: NodeState | undefined): readonly string[] {
  const wanted = Object.entries(labels).filter(([key, value]) => node?.labels[key] !== value)
  const taintsMissing = (taints ?? []).filter(
    ({ key, value, effect }) =>
      node !== undefined && !node.taints.some((one) => one.key === key && one.effect === effect && (one.value ?? '') === (value ?? '')),
  )
  return [...wanted.map(([key, value]) => `label ${key}=${value}`), ...taintsMissing.map(({ key, effect }) => `taint ${key}:${effect}`)]
}

function action(host: string, kind: ActionKind, why: string): Action {
  return { host, kind, why }
}

interface Reaching {
  readonly isLeaving?: true
  /** The cluster has a Node of it. */
  readonly isMember?: boolean
}

/**
 * An upgrade does not go round a control plane: kubelets may not be newer than any of them. A worker is upgraded by the apply that finds
 * it.
 */
function stopsUnreached(role: ClusterHost['role']): HostProblem['stopsUpgrade'] {
  return role === 'control-plane' ? 'new' : 'never'
}

function reachProblem(host: ClusterHost, state: UnreachableHost, { isLeaving, isMember = false }: Reaching = {}): string {
  const { name } = host
  const { code, isConnected, remedy } = state
  const what = withCode(`${name} ${isLeaving === true ? 'is to leave the cluster and ' : ''}${whyUnknown(state)}`, code)
  const remedies = remedy.flatMap((line) => fleetRemedy(line, isConnected === true ? host : undefined))
  const isGone = isMember && isConnected !== true
  return [what, ...[...remedies, ...(isGone ? [goneForGood] : [])].map((line) => `    ${line}`)].join('\n')
}

const goneForGood = 'role: lost   # in the file, if its machine is gone for good'

const nothing: HostDecision = { actions: [], problems: [] }

function problem(text: string, stopsUpgrade: HostProblem['stopsUpgrade']): HostDecision {
  return { actions: [], problems: [{ text, stopsUpgrade }] }
}
