/** Which hosts of a cluster file a reset of the cluster is about. Pure. */
import type { ClusterFile, ClusterHost } from '../config/cluster-file.ts'
import { KadmError } from '../errors.ts'
import { anyHostFlags, hostFlags } from './host-flags.ts'
import { differentClusters, sharesCa, type HostState } from './look/host-state.ts'
import { rootProblems } from './plan/not-root.ts'

export interface ResetScope {
  /** Those that are reset, or could not be asked and are to be. */
  readonly hosts: ReadonlySet<string>
  /** What is left alone, in words. */
  readonly left: readonly string[]
  /** What stands in the way of all of it. */
  readonly problems: readonly string[]
}

/**
 * All that the file wants in the cluster; of those that it wants absent the ones that are still in it: others may serve another one by now.
 * Throws PREFLIGHT_FAILED when hosts are in different clusters.
 */
export function resetScope({ hosts, name: cluster }: ClusterFile, states: ReadonlyMap<string, HostState>): ResetScope {
  const clusterOf = (name: string): string => {
    const state = states.get(name)
    return state?.kind === 'reached' ? state.caHash : ''
  }
  const wanted = hosts.filter(({ role }) => role !== 'absent' && role !== 'lost').map(({ name }) => name)
  const members = wanted.map((name) => ({ name, caHash: clusterOf(name) })).filter(({ caHash }) => caHash !== '')
  const split = differentClusters(members)
  if (split !== undefined)
    throw new KadmError('PREFLIGHT_FAILED', `nothing was changed: ${split}`, {
      remedy: [`kadm reset ${anyHostFlags(hosts)}   # for each that is to be reset and is not of "${cluster}"`],
    })
  const own = members.map(({ caHash }) => caHash).join(' ')
  const leaving = hosts.filter(({ role }) => role === 'absent')
  const isStillIn = ({ name }: ClusterHost): boolean => own !== '' && sharesCa(clusterOf(name), own)
  const scope = new Set([...wanted, ...leaving.filter(isStillIn).map(({ name }) => name)])
  return {
    hosts: scope,
    problems: rootProblems(hosts, states, scope),
    left: leaving
      .filter((host) => !isStillIn(host) && clusterOf(host.name) !== '')
      .map((host) =>
        own === '' ? ofUnknownCluster(host) : `${host.name} is in another cluster, and the file wants it absent: it is left alone`,
      ),
  }
}

/** As when the others were reset by a run before. */
function ofUnknownCluster(host: ClusterHost): string {
  return `${host.name} is in a cluster, no host that the file wants is in one to tell whether it is the same, and the file wants it absent: it is left alone\n    kadm reset ${hostFlags(host)}   # if it is to be reset too`
}
