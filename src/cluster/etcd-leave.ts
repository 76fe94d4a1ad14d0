/** A member leaves etcd for good: its host is given up. Those that stay must have a quorum without it. */
import { KadmError, hasCode, messageOf } from '../errors.ts'
import { waitUntil } from '../host/wait.ts'
import type { EtcdCluster } from './etcd-cluster.ts'
import { etcdHealth } from './etcd-health.ts'
import { removeMember } from './etcd-lost-member.ts'
import type { EtcdMember } from './etcd-members.ts'
import { nameOf } from './etcd-new-member.ts'

export interface LeaveEtcdOptions {
  /** The one of the host that leaves, or why there is none. */
  readonly self: (members: readonly EtcdMember[]) => Promise<EtcdMember | Departure>
  /** Leave, whatever becomes of the others. */
  readonly force: boolean
  readonly warn: (line: string) => void
  readonly waiting?: (text: string) => void
  readonly signal: AbortSignal
  /** Before its removal, which nothing forbids. */
  readonly onLeave?: () => Promise<void>
  /** A run that only looks: told of the member in place of its removal. */
  readonly onlyNote?: ((member: EtcdMember) => void) | undefined
}

export type Departure =
  | { readonly kind: 'left'; readonly member: EtcdMember }
  /** With it the whole etcd ends: nobody is there to be told. */
  | { readonly kind: 'last' }
  /** It has left before, or never was one. */
  | { readonly kind: 'no-member' }
  /** Nobody answers. */
  | { readonly kind: 'unknown'; readonly why: string }

/**
 * Throws ETCD_QUORUM when the others would have no quorum, before anything is changed, and ETCD_FAILED when etcd does not let it go. With
 * `force` both are warnings.
 */
export async function leaveEtcd(etcd: EtcdCluster, options: LeaveEtcdOptions): Promise<Departure> {
  const { force, warn, waiting, signal, onlyNote, onLeave } = options
  // One that lags behind may not know of this one yet. Without a quorum what one of them knows will do: there is no other list.
  const members = await etcd
    .members({ signal })
    .catch(() => etcd.members({ ofQuorum: false, signal }))
    .catch((error: unknown) => {
      signal.throwIfAborted()
      return messageOf(error)
    })
  if (typeof members === 'string') return { kind: 'unknown', why: members }
  const self = await options.self(members)
  if ('kind' in self) return self
  if (members.length === 1) return { kind: 'last' }
  const others = self.learner ? undefined : await healthOfOthers(etcd, members, self, { patience: force ? 2000 : 6000, waiting, signal })
  const isLost = others !== undefined && others.healthy.length < others.quorum
  if (isLost && !force) throw quorumLost(others)
  if (isLost) warn(quorumLost(others).message)
  if (onlyNote === undefined) {
    await onLeave?.()
    return await depart(etcd, self, { ...options, heir: isLost ? undefined : others?.healthy[0], ...(isLost && { timeout: hopeless }) })
  }
  onlyNote(self)
  return { kind: 'left', member: self }
}

interface DepartOptions extends LeaveEtcdOptions {
  /** Who is to lead. */
  readonly heir: EtcdMember | undefined
  /** Milliseconds. */
  readonly timeout?: number
}

async function depart(etcd: EtcdCluster, self: EtcdMember, { heir, force, timeout, waiting, signal }: DepartOptions): Promise<Departure> {
  try {
    await handOver(etcd, self, heir, signal)
    await removeMember(etcd, self, { signal, waiting, timeout })
    return { kind: 'left', member: self }
  } catch (error) {
    if (!force || !hasCode(error, 'ETCD_FAILED')) throw error
    return { kind: 'unknown', why: error.message }
  }
}

/** Milliseconds for a removal that etcd can hardly agree to: it may be up again in this moment. */
const hopeless = 1500

interface Others {
  readonly voters: readonly EtcdMember[]
  readonly healthy: readonly EtcdMember[]
  /** How many of them must be healthy when this host has left. */
  readonly quorum: number
}

interface HealthOptions {
  readonly waiting: LeaveEtcdOptions['waiting']
  readonly signal: AbortSignal
  /** Milliseconds: an election may be under way, but a quorum that is lost does not come back by waiting. */
  readonly patience: number
}

async function healthOfOthers(
  etcd: EtcdCluster,
  members: readonly EtcdMember[],
  self: EtcdMember,
  { patience, waiting, signal }: HealthOptions,
): Promise<Others> {
  const of = (all: readonly EtcdMember[], unhealthy: readonly EtcdMember[]): Others => {
    const voters = all.filter(({ id, learner }) => id !== self.id && !learner)
    return {
      voters,
      healthy: voters.filter(({ id }) => unhealthy.every((one) => one.id !== id)),
      quorum: Math.floor(voters.length / 2) + 1,
    }
  }
  let seen = of(members, members)
  await waitUntil<true>(
    {},
    {
      what: 'a quorum of etcd without this host',
      timeout: patience,
      signal,
      look: async (limit) => {
        const { voters, unhealthy } = await etcdHealth(etcd, { signal: limit })
        seen = of(voters, unhealthy)
        const { healthy, quorum } = seen
        return healthy.length >= quorum
          ? { kind: 'done', value: true }
          : { kind: 'not-yet', seen: `${healthy.length} of ${seen.voters.length} members healthy` }
      },
      onWaiting: waiting,
      timedOut: (last) => new KadmError('ETCD_QUORUM', last, { remedy: ['crictl ps -a --name etcd'] }),
    },
  ).catch((error: unknown) => {
    if (!hasCode(error, 'ETCD_QUORUM')) throw error
  })
  return seen
}

/** Who leads hands over before it goes: nobody can write to etcd while the others elect. Where that fails they elect. */
async function handOver(etcd: EtcdCluster, self: EtcdMember, heir: EtcdMember | undefined, signal: AbortSignal): Promise<void> {
  const own = self.clientUrls[0]
  if (own === undefined || heir === undefined) return
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(longestHandover)])
    if ((await etcd.at(own).status({ signal: limit })).isLeader) await etcd.at(own).moveLeader(heir.id, { signal: limit })
  } catch {
    signal.throwIfAborted()
  }
}

/** Milliseconds; some 10 where all is well. */
const longestHandover = 1500

function quorumLost({ voters, healthy, quorum }: Others): KadmError {
  const dead = voters.filter((one) => !healthy.includes(one))
  return new KadmError(
    'ETCD_QUORUM',
    `etcd would be left without a quorum: without this host it has ${voters.length} voting members, of which ${quorum} must be healthy, and ${healthy.length} are`,
    {
      details: dead.map((member) => `member ${nameOf(member)} (${member.id}) does not answer with the consent of a quorum`),
      remedy: [
        'bring the hosts of these members back, or take a dead one out first (kadm join --replace on its host, or etcdctl member remove)',
        'to give the whole cluster up: reset the other control planes too, with --force',
      ],
    },
  )
}
