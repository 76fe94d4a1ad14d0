/** Do the hosts of a fleet reach one another? Each opens a connection to the sshd of every other one. */
import type { ClusterFile } from '../config/cluster-file.ts'
import { messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { Fleet } from './open-fleet.ts'
import type { Action } from './plan-actions.ts'

/** Milliseconds. */
const limit = 2000

/**
 * Warnings, since the address that ssh connects to may be one that only the operator can reach. Asked are the hosts that are about to become nodes, and
 * only about control planes: what a node must reach.
 */
export async function reachWarnings(file: ClusterFile, { hosts }: Pick<Fleet, 'hosts'>, actions: readonly Action[], signal: AbortSignal): Promise<readonly string[]> {
  const arriving = actions.filter(({ kind }) => kind === 'init' || kind === 'join').flatMap(({ host }) => [...hosts].filter(([name]) => name === host))
  const targets = file.hosts.filter(({ role }) => role === 'control-plane')
  const found = await Promise.all(
    arriving.flatMap(([name, host]) =>
      targets.filter((target) => target.name !== name).map(async ({ name: to, address, ssh }) => {
        const why = await failure(host, { address, port: ssh.port }, signal)
        return why === undefined ? [] : [`${name} does not reach ${to} at ${address} port ${ssh.port}: ${why}`]
      }),
    ),
  )
  return found.flat()
}

async function failure(host: Host, { address, port }: { readonly address: string; readonly port: number }, signal: AbortSignal): Promise<string | undefined> {
  try {
    const stream = await host.dial({ kind: 'tcp', host: address, port }, { signal: AbortSignal.any([signal, AbortSignal.timeout(limit)]) })
    stream.destroy()
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}
