/** Which hosts have to come to the file's version of Kubernetes, in which order. Pure. */
import type { ClusterFile, UpgradeSettings } from '../../config/cluster-file.ts'
import { compareVersions, parseVersion } from '../../config/versions.ts'
import { fleetRemedy } from '../fleet-remedies.ts'
import { skewProblems } from '../../phases/upgrade/skew-policy.ts'
import type { ClusterState, RunningCluster } from '../look/cluster-state.ts'
import type { Action, Decision } from './decide.ts'
import { hasCutOffUpgrade, type HostState, type ReachedHost } from '../look/host-state.ts'

/** A file that names no version wants the one that runs: what a cluster has is no matter of which kadm is at hand. */
export function withRunningVersion(file: ClusterFile, cluster: ClusterState): ClusterFile {
  const isKnown = cluster.kind === 'running' && cluster.kubernetesVersion !== ''
  return file.versionIsGiven || !isKnown ? file : { ...file, kubernetesVersion: cluster.kubernetesVersion }
}

/**
 * The first control plane, then the other ones, then workers: canaries before the rest. What an upgrade that was cut off has left undone
 * does not show in versions, so its hosts are gone on with; then also without an API, which it may have stopped, and its host first.
 */
export function decideUpgrade(
  file: ClusterFile,
  states: ReadonlyMap<string, HostState>,
  cluster: ClusterState,
  first: string | undefined,
): Decision {
  const wanted = file.kubernetesVersion
  const running = cluster.kind === 'running' && cluster.kubernetesVersion !== '' ? cluster : undefined
  if (running === undefined && !(cluster.kind === 'unreachable' && isUpgradeCutOff(states)))
    return cluster.kind === 'running' ? { ...nothing, problems: withoutConfiguration(file, states, first) } : nothing
  if (!file.versionIsGiven) return { ...nothing, problems: cutOffTowards(file, states, running) }
  const isNewer = running === undefined ? 0 : compareVersions(wanted, running.kubernetesVersion)
  if (isNewer < 0)
    return {
      ...nothing,
      problems: [`the cluster has Kubernetes ${running?.kubernetesVersion}, and the file wants ${wanted}: there is no way back`],
    }
  const members = file.hosts.flatMap(({ name, role }) => {
    const state = states.get(name)
    if (role === 'absent' || state?.kind !== 'reached' || state.node === 'none') return []
    // The run of an upgrade would be the last one in its journal, and the join forgotten.
    if (name !== first && state.unfinished === 'join') return []
    // Without an API the installed one has to do.
    const kubelet = running === undefined ? state.kubelet : running.nodes.find((one) => one.name === name)?.kubelet
    return kubelet === undefined ? [] : [{ name, role, state, kubelet }]
  })
  const behind = members.filter(({ kubelet }) => compareVersions(kubelet, wanted) < 0)
  const leader = members.find(({ name }) => name === first)?.state
  const needing = members.filter((member) => {
    const { name, role, state } = member
    const hasNewKubelet = behind.includes(member) && state.hasWantedKubelet
    const isOld = role === 'control-plane' && state.node === role && isBehind(member, { wanted, leader, isClusterBehind: isNewer > 0 })
    // Without an API nobody says what runs: an upgrade of a host that has it already changes nothing.
    return running === undefined || hasNewKubelet || isOld || hasCutOffUpgrade(state) || (name === first && isNewer > 0)
  })
  const rank = ({ name, role, state }: (typeof members)[number]): number => {
    const usual = name === first ? 0 : role === 'control-plane' ? 1 : file.upgrade.canary.includes(name) ? 2 : 3
    // It may be its etcd that all others wait for.
    const hasStopped = running === undefined && role === 'control-plane' && hasCutOffUpgrade(state)
    return hasStopped ? usual - 4 : usual
  }
  return {
    actions: needing
      .toSorted((a, b) => rank(a) - rank(b))
      .map(({ name, state, kubelet }): Action => ({
        host: name,
        kind: 'upgrade',
        why: hasCutOffUpgrade(state)
          ? `a "kadm ${state.unfinished}" was not finished here`
          : running === undefined
            ? `no API answers to say what runs here, and the file wants ${wanted}`
            : `${versionsOf(state.controlPlane, kubelet)}, and the file wants ${wanted}`,
      })),
    problems:
      running === undefined || isNewer === 0
        ? []
        : [...skewOf(wanted, running), ...(isUpgradeCutOff(states) ? [] : inTheWay(file, { states, first, running }))],
    warnings: behind
      .filter(({ state }) => !state.hasWantedKubelet)
      .map(
        ({ name, kubelet }) =>
          `${name} keeps kubelet ${kubelet}: there is none of ${wanted} on it (install it, or put it beside the other as kubelet-${wanted})`,
      ),
  }
}

/** Of upgrades that were cut off, where the file names no version. Who leaves is not gone on with, unless that may have stopped the API. */
function cutOffTowards(
  { hosts }: ClusterFile,
  states: ReadonlyMap<string, HostState>,
  running: RunningCluster | undefined,
): readonly string[] {
  return hosts.flatMap(({ name, role }) => {
    const state = states.get(name)
    const isLeft = role === 'absent' && running !== undefined
    return state?.kind === 'reached' && hasCutOffUpgrade(state) && !isLeft
      ? [
          `a "kadm ${state.unfinished}" was not finished on ${name}, and the file does not say to which version: give its spec a kubernetesVersion`,
        ]
      : []
  })
}

/** An init that goes on may be one that has not got to it. Nothing comes of an upgrade otherwise, and nobody would say so. */
function withoutConfiguration(
  { hosts, kubernetesVersion: wanted, versionIsGiven }: ClusterFile,
  states: ReadonlyMap<string, HostState>,
  first: string | undefined,
): readonly string[] {
  const isOld = (state: HostState | undefined): boolean =>
    state?.kind === 'reached' &&
    state.controlPlane !== '' &&
    state.unfinished === undefined &&
    compareVersions(state.controlPlane, wanted) < 0
  if (!versionIsGiven || !hosts.some(({ name, role }) => role === 'control-plane' && isOld(states.get(name)))) return []
  const remedy = 'kadm init phase upload-config all --config FILE   # with the configuration of the cluster'
  const what = `the file wants ${wanted}, and the cluster cannot be upgraded: it keeps no configuration (ConfigMap kube-system/kubeadm-config)`
  const place = hosts.find(({ name }) => name === first)
  return [[what, ...fleetRemedy(remedy, place)].join('\n    ')]
}

interface Upgraded {
  readonly wanted: string
  /** The control plane that is upgraded before all others. */
  readonly leader: ReachedHost | undefined
  readonly isClusterBehind: boolean
}

/**
 * Where the image does not tell its version the cluster's counts; then that of a kubelet, which is upgraded after its control plane, if the
 * image is another than the one that is upgraded first. By the kubelet alone one that cannot be upgraded would be an upgrade for ever.
 */
function isBehind(
  { state: { controlPlane, apiImage }, kubelet }: { readonly state: ReachedHost; readonly kubelet: string },
  { wanted, leader, isClusterBehind }: Upgraded,
): boolean {
  if (controlPlane !== '') return compareVersions(controlPlane, wanted) < 0
  const isOther = leader !== undefined && apiImage !== leader.apiImage
  return isClusterBehind || (isOther && compareVersions(kubelet, wanted) < 0)
}

interface Seen {
  readonly states: ReadonlyMap<string, HostState>
  readonly first: string | undefined
  readonly running: RunningCluster
}

/**
 * Control planes that a new upgrade would leave as they are: one whose join was cut off; where the minor version is another, which nothing
 * in the cluster may have before all of them, also those that the file does not name or wants out of the cluster. And one that is gone.
 */
function inTheWay(
  { hosts, kubernetesVersion: wanted }: ClusterFile,
  { states, first, running: { kubernetesVersion, nodes } }: Seen,
): readonly string[] {
  const isOtherMinor = parseVersion(wanted)?.minor !== parseVersion(kubernetesVersion)?.minor
  const goesPast = `an upgrade to ${wanted} would go past it`
  return nodes.flatMap(({ name, isControlPlane }) => {
    const role = hosts.find((host) => host.name === name)?.role
    const state = states.get(name)
    if (isControlPlane && isOtherMinor && role === undefined)
      return [
        `node "${name}" is a control plane of the cluster and not in the file, and ${goesPast}: name it in the file (role: control-plane; role: lost if its machine is gone for good)`,
      ]
    if (isControlPlane && isOtherMinor && role === 'absent')
      return [
        `${name} is a control plane that is to leave the cluster, and ${goesPast}: ${firstAt(kubernetesVersion)} (role: lost if its machine is gone for good)`,
      ]
    if (state?.kind !== 'reached' || name === first) return []
    // kubeadm's ControlPlaneNodesReady would stop this upgrade, and each one that goes on with it.
    if (isControlPlane && state.node === 'none')
      return [
        `node "${name}" is a control plane of the cluster, its machine has nothing of it, and no upgrade goes on before it is Ready: ${firstAt(kubernetesVersion)} (or role: lost until the cluster is upgraded)`,
      ]
    if (role !== 'control-plane') return []
    return state.unfinished === 'join'
      ? [`the join of ${name}, a control plane, was cut off, and ${goesPast}: ${firstAt(kubernetesVersion)}`]
      : []
  })
}

/** What has to be done first, and stands in the plan of the version that is there. */
function firstAt(version: string): string {
  return `first put the version back to ${version} and apply, then raise it again`
}

/** As the upgrade itself would refuse, which passes over nothing. */
function skewOf(target: string, { kubernetesVersion, nodes }: RunningCluster): readonly string[] {
  const kubelets = Map.groupBy(
    nodes.filter(({ kubelet }) => kubelet !== ''),
    ({ kubelet }) => kubelet,
  )
  const { mandatory, skippable } = skewProblems({
    target,
    cluster: kubernetesVersion,
    kubelets: new Map([...kubelets].map(([version, group]) => [version, group.map(({ name }) => name)])),
    allowExperimentalUpgrades: false,
    allowRCUpgrades: false,
  })
  return [...mandatory, ...skippable]
}

/** Of a control plane: it may have stopped the API, and only an upgrade that goes on brings that back. */
export function isUpgradeCutOff(states: ReadonlyMap<string, HostState>): boolean {
  return [...states.values()].some((state) => state.kind === 'reached' && state.node === 'control-plane' && hasCutOffUpgrade(state))
}

/** Workers that are upgraded at the same time; those of the canaries come first. */
export function waves(
  workers: readonly string[],
  { canary, maxUnavailable }: UpgradeSettings,
  total: number,
): readonly (readonly string[])[] {
  const share = /^(\d+)%$/.exec(maxUnavailable)?.[1]
  const size = share === undefined ? Number(maxUnavailable) : Math.max(1, Math.floor((total * Number(share)) / 100))
  const chunks = (names: readonly string[]): readonly (readonly string[])[] =>
    Array.from({ length: Math.ceil(names.length / size) }, (_, index) => names.slice(index * size, (index + 1) * size))
  return [...chunks(workers.filter((name) => canary.includes(name))), ...chunks(workers.filter((name) => !canary.includes(name)))]
}

const nothing: Decision = { actions: [], problems: [], warnings: [] }

function versionsOf(controlPlane: string, kubelet: string): string {
  return controlPlane === '' ? `kubelet ${kubelet}` : `control plane ${controlPlane}, kubelet ${kubelet}`
}
