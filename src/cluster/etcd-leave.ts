/** A member leaves etcd for good: its host is given up. Those that stay must have a quorum without it. */
import { KadmError, messageOf } from '../errors.ts'
import type { EtcdCluster } from './etcd-cluster.ts'
import { etcdHealth } from './etcd-health.ts'
import { removeMember } from './etcd-lost-member.ts'
import type { EtcdMember } from './etcd-members.ts'
import { nameOf } from './etcd-new-member.ts'

export interface LeaveEtcdOptions {
  /** Is it the one of the host that leaves? */
  readonly isSelf: (member: EtcdMember) => boolean
  /** Leave, whatever becomes of the others. */
  readonly force: boolean
  readonly warn: (line: string) => void
  readonly waiting?: (text: string) => void
  readonly signal: AbortSignal
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
 * Throws ETCD_QUORUM when the others would have no quorum, before anything is changed, and ETCD_FAILED when etcd does not let it go. With `force`
 * both are warnings.
 */
export async function leaveEtcd(etcd: EtcdCluster, { isSelf, force, warn, waiting, signal, onlyNote }: LeaveEtcdOptions): Promise<Departure> {
  // What one member knows will do: without a quorum there is no other list.
  const members = await etcd.members({ ofQuorum: false, signal }).catch((error: unknown) => {
    signal.throwIfAborted()
    return messageOf(error)
  })
  if (typeof members === 'string') return { kind: 'unknown', why: members }
  const self = members.find(isSelf)
  if (self === undefined) return { kind: 'no-member' }
  if (members.length === 1) return { kind: 'last' }
  const missing = self.learner ? undefined : await missingQuorum(etcd, self, signal)
  if (missing !== undefined) {
    if (!force) throw missing
    warn(missing.message)
  }
  if (onlyNote !== undefined) {
    onlyNote(self)
    return { kind: 'left', member: self }
  }
  try {
    await removeMember(etcd, self, { signal, ...(waiting && { waiting }), ...(missing && { timeout: hopeless }) })
    return { kind: 'left', member: self }
  } catch (error) {
    if (!force || !(error instanceof KadmError) || error.code !== 'ETCD_FAILED') throw error
    return { kind: 'unknown', why: error.message }
  }
}

/** Milliseconds for a removal that etcd can hardly agree to: it may be up again in this moment. */
const hopeless = 1500

async function missingQuorum(etcd: EtcdCluster, self: EtcdMember, signal: AbortSignal): Promise<KadmError | undefined> {
  const { voters, unhealthy } = await etcdHealth(etcd, { signal })
  const others = voters.filter(({ id }) => id !== self.id)
  const dead = others.filter(({ id }) => unhealthy.some((one) => one.id === id))
  const quorum = Math.floor(others.length / 2) + 1
  const healthy = others.length - dead.length
  if (healthy >= quorum) return undefined
  return new KadmError('ETCD_QUORUM', `etcd would be left without a quorum: without this host it has ${others.length} voting members, of which ${quorum} must be healthy, and ${healthy} are`, {
    details: dead.map((member) => `member ${nameOf(member)} (${member.id}) does not answer with the consent of a quorum`),
    remedy: [
      'bring the hosts of these members back, or take a dead one out first: kadm join --replace on its host, or etcdctl member remove',
      'to give the whole cluster up: reset the other control planes too, with --force',
    ],
  })
}
