/** Which hosts have to come to the file's version of Kubernetes, in which order. Pure. */
import type { ClusterFile, UpgradeSettings } from '../config/cluster-file.ts'
import { compareVersions } from '../config/versions.ts'
import type { ClusterState } from './cluster-state.ts'
import type { HostState } from './host-state.ts'
import type { Action, Decision } from './plan-actions.ts'

/** The first control plane, then the other ones, then workers: canaries before the rest. */
export function decideUpgrade(
  file: ClusterFile,
  states: ReadonlyMap<string, HostState>,
  cluster: ClusterState,
  first: string | undefined,
): Decision {
  if (cluster.kind !== 'running' || cluster.kubernetesVersion === '') return nothing
  const wanted = file.kubernetesVersion
  const isNewer = compareVersions(wanted, cluster.kubernetesVersion)
  if (isNewer < 0)
    return {
      ...nothing,
      problems: [`the cluster has Kubernetes ${cluster.kubernetesVersion}, and the file wants ${wanted}: there is no way back`],
    }
  const members = file.hosts.flatMap(({ name, role }) => {
    const state = states.get(name)
    const node = cluster.nodes.find((one) => one.name === name)
    return role !== 'absent' && node !== undefined && state?.kind === 'reached' && state.node !== 'none'
      ? [{ name, role, state, node }]
      : []
  })
  const behind = members.filter(({ node }) => compareVersions(node.kubelet, wanted) < 0)
  const needing = members.filter(({ role, state, node }) => {
    const kubelet = compareVersions(node.kubelet, wanted) < 0 && state.hasWantedKubelet
    return kubelet || (role === 'control-plane' && state.controlPlane !== '' && compareVersions(state.controlPlane, wanted) < 0)
  })
  const rank = ({ name, role }: { readonly name: string; readonly role: string }): number =>
    name === first ? 0 : role === 'control-plane' ? 1 : file.upgrade.canary.includes(name) ? 2 : 3
  return {
    actions: needing
      .toSorted((a, b) => rank(a) - rank(b))
      .map(({ name, state, node }): Action => ({
        host: name,
        kind: 'upgrade',
        why: `${versionsOf(state.controlPlane, node.kubelet)}, and the file wants ${wanted}`,
      })),
    problems: [],
    warnings: behind
      .filter(({ state }) => !state.hasWantedKubelet)
      .map(
        ({ name, node }) =>
          `${name} keeps kubelet ${node.kubelet}: there is none of ${wanted} on it (install it, or put it beside the other as kubelet-${wanted})`,
      ),
  }
}

/** Workers that are upgraded at the same time; the canaries are the first wave. */
export function waves(
  workers: readonly string[],
  { canary, maxUnavailable }: UpgradeSettings,
  total: number,
): readonly (readonly string[])[] {
  const share = /^(\d+)%$/.exec(maxUnavailable)?.[1]
  const size = share === undefined ? Number(maxUnavailable) : Math.max(1, Math.floor((total * Number(share)) / 100))
  const canaries = workers.filter((name) => canary.includes(name))
  const others = workers.filter((name) => !canary.includes(name))
  const chunks = Array.from({ length: Math.ceil(others.length / size) }, (_, index) => others.slice(index * size, (index + 1) * size))
  return [...(canaries.length === 0 ? [] : [canaries]), ...chunks]
}

const nothing: Decision = { actions: [], problems: [], warnings: [] }

function versionsOf(controlPlane: string, kubelet: string): string {
  return controlPlane === '' ? `kubelet ${kubelet}` : `control plane ${controlPlane}, kubelet ${kubelet}`
}
