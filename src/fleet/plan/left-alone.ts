/** What the cluster has beyond the file and keeps. In words, as warnings of a plan. Pure. */
import type { ClusterFile } from '../../config/cluster-file.ts'
import type { Taint } from '../../config/model.ts'
import type { ClusterState, RunningCluster } from '../look/cluster-state.ts'

export function leftAlone(file: ClusterFile, cluster: ClusterState): readonly string[] {
  return cluster.kind === 'running' ? [...strangers(file, cluster), ...taintsThatStay(file, cluster)] : []
}

function strangers({ hosts }: ClusterFile, { nodes }: RunningCluster): readonly string[] {
  const known = new Set(hosts.map(({ name }) => name))
  return nodes
    .filter(({ name }) => !known.has(name))
    .map(({ name }) => `node "${name}" is in the cluster and not in the file: it is left alone`)
}

/** `taints: []` on a control plane, or another effect for a key, says that the old one is not wanted. Others are somebody else's matter. */
function taintsThatStay({ hosts }: ClusterFile, { nodes }: RunningCluster): readonly string[] {
  return hosts.flatMap(({ name, role, taints }) => {
    if (taints === undefined || role === 'absent' || role === 'lost') return []
    const isWanted = ({ key, effect }: Taint): boolean => taints.some((one) => one.key === key && one.effect === effect)
    const there = nodes.find((node) => node.name === name)?.taints ?? []
    return there
      .filter((taint) => !isWanted(taint))
      .map(
        ({ key, effect }) =>
          `${name} keeps the taint ${key}:${effect}, which the file does not name: kubectl taint node ${name} ${key}:${effect}-`,
      )
  })
}
