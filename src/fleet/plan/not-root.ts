/** Who logs in to a host that something is to be done on, and is not root there. */
import type { ClusterHost } from '../../config/cluster-file.ts'
import { hasCode } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { silent, type HostState } from '../look/host-state.ts'

/** @param acting names of the hosts that something is to be done on */
export function rootProblems(
  hosts: readonly ClusterHost[],
  states: ReadonlyMap<string, HostState>,
  acting: ReadonlySet<string>,
): readonly string[] {
  const found = hosts.filter(({ name }) => {
    const state = states.get(name)
    return acting.has(name) && state?.kind === 'reached' && state.uid !== 0
  })
  return Array.from(
    Map.groupBy(found, ({ ssh }) => ssh.user ?? 'the user who runs kadm'),
    ([user, group]) => [`${group.map(({ name }) => name).join(', ')}: ${notRoot(user)}`, ...becomeRoot].join('\n    '),
  )
}

/** Of a host that was reached: that a file cannot be read is mended in the cluster file where the user is not root. */
export async function notObserved(host: Pick<Host, 'facts'>, user: string, error: unknown): Promise<HostState> {
  const isRoot = await host.facts().then(
    ({ uid }) => uid === 0,
    () => true,
  )
  if (isRoot || !hasCode(error, 'FILE_FAILED')) return silent(error)
  return { ...silent(error), why: `${notRoot(user)}: ${error.message}`, remedy: becomeRoot }
}

function notRoot(user: string): string {
  return `${user} is not root there`
}

const becomeRoot = ['spec.ssh.become: sudo   # in the file', 'spec.ssh.user: root   # in the file, instead']
