/** Before one member of etcd is stopped for a moment: the others must do without it. */
import { KadmError, messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { withEtcdCluster, type EtcdCluster } from './etcd-cluster.ts'
import type { EtcdCredentials } from './etcd-endpoints.ts'
import { etcdHealth } from './etcd-health.ts'

export interface PausedMember {
  /** Its own, from which it is asked. */
  readonly host: Pick<Host, 'dial' | 'recording'>
  /** Client URL of the member. */
  readonly server: string
  readonly credentials: EtcdCredentials
  readonly signal: AbortSignal
}

/**
 * The member itself must be healthy; where there are three and more, a quorum without it too. Throws ETCD_FAILED. @returns how many other
 * voters there are
 */
export function requireQuorumWithout(member: PausedMember): Promise<number> {
  const { server, signal } = member
  return withEtcd(member, async (etcd) => {
    const { voters, unhealthy } = await etcdHealth(etcd, { signal })
    const others = voters.filter(({ clientUrls }) => !clientUrls.includes(server))
    const healthy = others.filter((one) => !unhealthy.includes(one))
    if (others.length === voters.length || unhealthy.some(({ clientUrls }) => clientUrls.includes(server)))
      throw unfit(`the member of this node does not answer at ${server}`)
    if (others.length < 2 || healthy.length > voters.length / 2) return others.length
    throw unfit(
      `without the member of this node only ${healthy.length} of ${voters.length} are left, and that is no quorum: ${unhealthy.map(({ name }) => `"${name}"`).join(', ')} does not answer`,
    )
  })
}

/** Lets another member lead, so that the others need not find a leader when this one is gone. When that fails, they do find one. */
export async function moveEtcdLeader(member: PausedMember, say: (line: string) => void): Promise<void> {
  const { host, server, signal } = member
  if (host.recording !== undefined) return
  try {
    await withEtcd(member, async (etcd) => {
      const { id, isLeader } = await etcd.at(server).status({ signal })
      const next = isLeader ? (await etcd.members({ signal })).find((other) => other.id !== id && !other.learner) : undefined
      if (next === undefined) return
      await etcd.at(server).moveLeader(next.id, { signal })
      say(`[upgrade/etcd] The etcd member "${next.name}" leads from now on`)
    })
  } catch (error) {
    say(`[upgrade/etcd] The lead of etcd could not be handed over: ${messageOf(error)}`)
  }
}

function withEtcd<T>({ host, server, credentials, signal }: PausedMember, use: (etcd: EtcdCluster) => Promise<T>): Promise<T> {
  return withEtcdCluster({ endpoints: [server], ...credentials, signal, dial: (address) => host.dial(address) }, use)
}

function unfit(why: string): KadmError {
  return new KadmError('ETCD_FAILED', `etcd is not fit for an upgrade: ${why}`, {
    remedy: [
      'crictl ps -a --name etcd   # on each control plane',
      'bring the members back, then run the same command again: nothing was changed yet',
    ],
  })
}
