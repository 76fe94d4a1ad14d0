/** From what is wanted and what is there to what is to be done on all hosts, and why. Pure. */
import type { ClusterFile } from '../../config/cluster-file.ts'
import { withCode, type ErrorCode } from '../../errors.ts'
import type { ClusterState, UnknownCluster } from '../look/cluster-state.ts'
import { decideHost } from './decide-host.ts'
import { differentClusters, type HostState, type ReachedHost } from '../look/host-state.ts'
import { leftAlone } from './left-alone.ts'
import { decideUpgrade, isUpgradeCutOff } from './plan-upgrade.ts'
import { endpointFindings } from './stable-endpoint.ts'

export interface Action {
  readonly host: string
  readonly kind: ActionKind
  readonly why: string
  /** A join in the place of a machine that is gone: its Node, and its member of etcd, are removed if they are dead. */
  readonly replaces?: true
}

export type ActionKind = 'forget' | 'init' | 'join' | 'mark' | 'remove' | 'upgrade'

export interface Decision {
  readonly actions: readonly Action[]
  /** What stands in the way of any action. */
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

/** `states`: of every host of the file, by name. */
export function decide(file: ClusterFile, states: ReadonlyMap<string, HostState>, cluster: ClusterState): Decision {
  const first = firstControlPlane(file, states)
  const upgrade = decideUpgrade(file, states, cluster, first)
  const hosts = file.hosts.map((host) =>
    decideHost(host, {
      file,
      cluster,
      first,
      state: states.get(host.name) ?? { kind: 'unreachable', why: 'it was not asked', remedy: [] },
    }),
  )
  const all = hosts.flatMap((one) => one.actions)
  const forgotten = all.filter(({ kind }) => kind === 'forget')
  const actions = all.filter(({ kind }) => kind !== 'forget')
  const problems = hosts.flatMap((one) => one.problems)
  const endpoint = endpointFindings(file, { states, cluster, actions: upgrade.actions.length === 0 ? actions : [] })
  const problemsOfAll = [...clusterProblems(file, states, cluster), ...upgrade.problems, ...endpoint.problems]
  const warnings = [...leftAlone(file, cluster), ...upgrade.warnings, ...endpoint.warnings]
  if (upgrade.actions.length === 0)
    return { actions: [...forgotten, ...actions], problems: [...problemsOfAll, ...problems.map(({ text }) => text)], warnings }
  // One thing at a time: a node that joins in the middle of an upgrade would have to be of two versions.
  const postponed = actions.map(
    ({ host, kind, why }) => `${host} is left for the next apply (${kind}: ${why}): this one upgrades the cluster`,
  )
  const stopping = isUpgradeCutOff(states) ? ['always'] : ['always', 'new']
  const { stops = [], others = [] } = Object.groupBy(problems, ({ stopsUpgrade }) => (stopping.includes(stopsUpgrade) ? 'stops' : 'others'))
  return {
    actions: [...forgotten, ...upgrade.actions],
    problems: [...problemsOfAll, ...stops.map(({ text }) => text)],
    warnings: [...warnings, ...others.map(({ text }) => text), ...postponed],
  }
}

/**
 * The one that makes the cluster, or made it: one whose upgrade of the cluster was cut off, else a control plane that is there, else one
 * whose init was cut off, else the first of the file.
 */
export function firstControlPlane({ hosts }: ClusterFile, states: ReadonlyMap<string, HostState>): string | undefined {
  const controlPlanes = hosts.filter(({ role }) => role === 'control-plane').map(({ name }) => name)
  const findWhere = (matches: (state: ReachedHost) => boolean): string | undefined =>
    controlPlanes.find((name) => {
      const state = states.get(name)
      return state?.kind === 'reached' && matches(state)
    })
  return (
    findWhere(({ node, unfinished }) => node === 'control-plane' && unfinished?.startsWith('upgrade apply') === true) ??
    findWhere(({ node, unfinished = '' }) => node === 'control-plane' && !comings.test(unfinished)) ??
    findWhere(({ unfinished }) => unfinished === 'init') ??
    controlPlanes[0]
  )
}

/** Commands that have a host come into a cluster, or go: one that was cut off leaves no member. */
const comings = /^(?:init|join|undo|reset)\b/

/** An init or an upgrade that was cut off may have left an API server that cannot come up before it is gone on with. */
export function isGoneOnWith(states: ReadonlyMap<string, HostState>): boolean {
  return [...states.values()].some((state) => state.kind === 'reached' && state.unfinished === 'init') || isUpgradeCutOff(states)
}

function clusterProblems({ hosts }: ClusterFile, states: ReadonlyMap<string, HostState>, cluster: ClusterState): readonly string[] {
  const reached = [...states].flatMap(([name, state]) => (state.kind === 'reached' ? [{ name, ...state }] : []))
  const members = reached.filter(({ caHash }) => caHash !== '')
  // A cluster of its own that was never finished goes with it.
  const absent = new Set(hosts.filter(({ role }) => role === 'absent').map(({ name }) => name))
  const split = differentClusters(members.filter(({ name, unfinished }) => !(absent.has(name) && unfinished === 'init')))
  const isResumed = isGoneOnWith(states)
  return [
    ...(split === undefined ? [] : [split]),
    ...(cluster.kind === 'unreachable' && !isResumed ? [unknownProblem(cluster)] : []),
    ...(cluster.kind === 'none' && members.length > 0 && !isResumed
      ? [`${members.map(({ name }) => name).join(', ')}: in a cluster none of whose control planes is in the file`]
      : []),
  ]
}

function unknownProblem({ why, code, remedy = [] }: UnknownCluster): string {
  const what = (code !== undefined && whatFails[code]) || 'its API does not answer'
  return [withCode(`the cluster is there, and ${what}: ${why}`, code), ...remedy.map((line) => `    ${line}`)].join('\n')
}

/** Beside an API that does not answer. */
const whatFails: Partial<Record<ErrorCode, string>> = {
  API_REFUSED: 'its API refuses to say what it is',
  CONFIG_INVALID: 'what it keeps of its configuration cannot be read',
  KUBECONFIG_INVALID: 'the kubeconfig of its administrator cannot be used',
  ETCD_FAILED: 'its etcd cannot be asked',
  CERTIFICATE_INVALID: 'its etcd cannot be asked',
}
