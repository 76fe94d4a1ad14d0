/** Whether a name that all nodes reach the API by leads to hosts that are to leave: each host that stays is asked. */
import { atMost } from '../../cluster/at-most.ts'
import { splitEndpoint } from '../../config/endpoint.ts'
import type { ClusterFile } from '../../config/cluster-file.ts'
import { parseIp } from '../../config/ip-address.ts'
import type { Host } from '../../host/host.ts'
import { type Fleet, hostsAtOnce } from '../open-fleet.ts'
import type { Action } from '../plan/decide.ts'
import { endpointNameFindings, type EndpointFindings } from '../plan/stable-endpoint.ts'
import type { ClusterState } from './cluster-state.ts'

/** Changes nothing. Nobody is asked where no host leaves. */
export async function askEndpointName(
  file: ClusterFile,
  { hosts, states }: Pick<Fleet, 'hosts' | 'states'>,
  { cluster, actions, signal }: { readonly cluster: ClusterState; readonly actions: readonly Action[]; readonly signal: AbortSignal },
): Promise<EndpointFindings> {
  const endpoint = cluster.kind === 'running' ? (cluster.controlPlaneEndpoint ?? '') : ''
  const name = splitEndpoint(endpoint)?.host
  const isLeft = actions.some(({ kind }) => kind === 'remove')
  if (!isLeft || name === undefined || parseIp(name) !== undefined) return { problems: [], warnings: [] }
  const inTurn = atMost(hostsAtOnce)
  const asked = file.hosts
    .filter(({ role }) => role !== 'absent')
    .flatMap((wanted) => {
      const host = hosts.get(wanted.name)
      return host === undefined ? [] : [inTurn(async () => [wanted.name, await addressesOf(host, name, signal)] as const)]
    })
  return endpointNameFindings(file, { states, actions, endpoint }, new Map(await Promise.all(asked)))
}

/** None where the host does not know the name, or has no program to ask with. */
async function addressesOf(host: Pick<Host, 'query'>, name: string, signal: AbortSignal): Promise<readonly string[]> {
  try {
    const { stdout } = await host.query(['timeout', '5', 'getent', 'ahosts', name], { timeout: 10_000, signal })
    return [...new Set(stdout.split('\n').flatMap((line) => line.split(/\s+/).slice(0, 1)))].filter((one) => parseIp(one) !== undefined)
  } catch {
    signal.throwIfAborted()
    return []
  }
}
