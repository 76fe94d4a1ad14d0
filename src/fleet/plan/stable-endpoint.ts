/** Whether the nodes still reach an API server, at the endpoint that the cluster was made with, after these actions. In words. Pure. */
import type { ClusterFile, ClusterHost } from '../../config/cluster-file.ts'
import { splitEndpoint } from '../../config/endpoint.ts'
import { shortestForm } from '../../config/ip-address.ts'
import type { ClusterState } from '../look/cluster-state.ts'
import type { HostState } from '../look/host-state.ts'
import type { Action } from './decide.ts'

export interface EndpointFindings {
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

export function endpointFindings(
  { hosts }: ClusterFile,
  { states, cluster, actions }: { states: ReadonlyMap<string, HostState>; cluster: ClusterState; actions: readonly Action[] },
): EndpointFindings {
  const endpoint = cluster.kind === 'running' ? cluster.controlPlaneEndpoint : undefined
  if (endpoint === undefined) return { problems: [], warnings: [] }
  const coming = hosts.filter(({ name, role }) => role === 'control-plane' && does(actions, name, 'join'))
  if (endpoint === '') return { problems: coming.map(({ name }) => withoutEndpoint(name)), warnings: [] }
  const at = shortestForm(splitEndpoint(endpoint)?.host ?? '')
  const leaving = leaversOf(hosts, states, actions)
  return {
    problems: leaving.filter(({ gone }) => gone.includes(at)).map(({ name }) => takesItAlong(name, endpoint)),
    warnings: leaving
      .filter(({ gone, mayMove }) => !gone.includes(at) && mayMove.includes(at))
      .map(({ name }) => holdsItNow(name, endpoint)),
  }
}

/**
 * Where the endpoint is a name, as kubeadm's guide has it, with an entry in each /etc/hosts. `known`: by the name of a host that stays, the
 * addresses that it finds there.
 */
export function endpointNameFindings(
  { hosts }: ClusterFile,
  { states, actions, endpoint }: { states: ReadonlyMap<string, HostState>; actions: readonly Action[]; endpoint: string },
  known: ReadonlyMap<string, readonly string[]>,
): EndpointFindings {
  const leaving = leaversOf(hosts, states, actions)
  const gone = new Set(leaving.flatMap((one) => one.gone))
  const mayMove = new Set(leaving.flatMap((one) => [...one.gone, ...one.mayMove]))
  const found = [...known].map(([name, addresses]) => ({ name, addresses: addresses.map(shortestForm) }))
  const lost = found.filter(({ addresses }) => addresses.length > 0 && addresses.every((one) => gone.has(one)))
  const doubtful = found.filter((one) => !lost.includes(one) && one.addresses.some((address) => mayMove.has(address)))
  const [who, at] = [leaving.map(({ name }) => name).join(', '), splitEndpoint(endpoint)?.host ?? '']
  const know = (those: typeof found): string => `to leave: ${who}; on ${those.map(({ name }) => name).join(', ')} the name "${at}"`
  return {
    problems:
      lost.length === 0
        ? []
        : [
            `${know(lost)} of controlPlaneEndpoint ${endpoint} leads there alone, and all nodes reach the API by it: first let it lead to a control plane that stays, in the DNS or in /etc/hosts`,
          ],
    warnings:
      doubtful.length === 0
        ? []
        : [
            `${know(doubtful)} of controlPlaneEndpoint ${endpoint} leads there too: take that address from it, unless it moves to another control plane by itself`,
          ],
  }
}

function does(actions: readonly Action[], host: string, kind: Action['kind']): boolean {
  return actions.some((one) => one.host === host && one.kind === kind)
}

interface Leaver {
  readonly name: string
  /** Addresses that nobody has without it. */
  readonly gone: readonly string[]
  /** Others that lead to it now: a virtual one, a second one of its own, one that forwards to it and to others. */
  readonly mayMove: readonly string[]
}

/** What a host that stays has too leaves with nobody: behind one public address there may be all of them. */
function leaversOf(hosts: readonly ClusterHost[], states: ReadonlyMap<string, HostState>, actions: readonly Action[]): readonly Leaver[] {
  const staying = hosts.filter(({ role }) => role === 'control-plane' || role === 'worker')
  const kept = new Set(staying.flatMap(({ name, address }) => [shortestForm(address), ...addressesOf(states.get(name))]))
  const onlyIts = (address: string): boolean => !kept.has(address)
  return hosts
    .filter(({ name }) => does(actions, name, 'remove'))
    .map(({ name, address: written }) => {
      const [address, state] = [shortestForm(written), states.get(name)]
      const own = addressesOf(state)
      const api = state?.kind === 'reached' && state.apiAddress !== undefined ? [shortestForm(state.apiAddress)] : []
      return {
        name,
        // Where the file has a name, or an address that is translated, its API server is elsewhere.
        gone: [address, ...(own.includes(address) ? [] : api)].filter(onlyIts),
        // Behind one that it shares with others it may be the one that is asked.
        mayMove: [...own.filter(onlyIts), ...(api.length === 0 ? [] : [address])],
      }
    })
}

function addressesOf(state: HostState | undefined): readonly string[] {
  return state?.kind === 'reached' ? state.addresses.map(shortestForm) : []
}

function takesItAlong(name: string, endpoint: string): string {
  return `${name} is to leave, and all nodes reach the API at its address (controlPlaneEndpoint ${endpoint}): give that address to a machine that stays, with a balancer or as one that moves, and ${name} another one in the file`
}

function holdsItNow(name: string, endpoint: string): string {
  return `${name} is to leave and has the address of controlPlaneEndpoint ${endpoint} now: all nodes lose the API unless it moves to another control plane by itself`
}

function withoutEndpoint(name: string): string {
  return `${name} cannot come in as a control plane: the cluster was made without a controlPlaneEndpoint, and its nodes know the one API server alone\n    ${endpointAfterwards}`
}

/** For a cluster that was made without one. */
export const endpointAfterwards =
  'kubectl -n kube-system edit configmap kubeadm-config   # controlPlaneEndpoint; then on its control plane remove apiserver.crt and apiserver.key and run ' +
  "kadm init phase certs apiserver --config with that and the node's InitConfiguration; nodes that are there go on asking the old address"
