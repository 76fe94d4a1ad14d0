/**
 * A new member of the cluster's own etcd: added as a learner, started by the kubelet, made a voter. `phases/join/etcd-join.ts`
 * has the two halves in their order.
 *
 * On a recording host the manifest is written and the rest is only noted. May be repeated: a run that was cut off at any point is finished.
 * etcd takes one learner at a time, so others are waited for. A learner whose manifest could not be written is removed again, since it would
 * keep all others out. Both throw ETCD_FAILED, ETCD_MEMBER_LOST (see `refuseOrReplaceLostMember`), what `manifest.write` and `notStarted`
 * throw.
 */
import { KadmError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { waitUntil, type WaitOptions } from '../host/wait.ts'
import { becomeMember, withoutDeadLearner } from './etcd-learner.ts'
import type { EtcdMember } from './etcd-members.ts'
import { forOneChange, isAt, type InitialClusterMember, type JoinEtcdOptions, type NewMember } from './etcd-new-member.ts'

/** The first half: this host's turn has come, it is a learner, and the kubelet has what it starts it by. */
export async function startEtcdMember(options: JoinEtcdOptions): Promise<void> {
  const { host, member, manifest, firstStart, say } = options
  if (host.recording !== undefined) return await noteStart(options, host.recording)
  try {
    const members = await becomeMember(options)
    const self = members.find(isAt(member.peerUrl))
    const hasStarted = self !== undefined && self.name !== ''
    const hasManifest = (await host.stat(manifest.path)) !== undefined
    // Written anew, it would restart a member that is catching up.
    if (!hasStarted || !hasManifest) {
      const cluster = initialCluster(members, member)
      if (!hasManifest) await firstStart?.(cluster)
      say('Creating static Pod manifest for "etcd"')
      await manifest.write(cluster)
    }
  } catch (error) {
    throw await withoutDeadLearner(error, options)
  }
}

/** The second half. Resolves with the member once it is a voter, and it and the cluster say so; `undefined` on a recording host. */
export async function finishEtcdJoin(options: JoinEtcdOptions): Promise<EtcdMember | undefined> {
  const { host, member, say } = options
  if (host.recording !== undefined) {
    host.recording.wouldWaitFor(`${member.clientUrl} to be a voter of etcd`)
    return undefined
  }
  await untilStarted(options)
  say('Waiting for the new etcd member to join the cluster')
  await untilVoter(options)
  return await untilAgreed(options)
}

async function noteStart({ etcd, member, manifest, signal }: JoinEtcdOptions, recording: NonNullable<Host['recording']>): Promise<void> {
  const members = await etcd.members({ signal })
  recording.wouldWaitFor(`etcd to add ${member.name} at ${member.peerUrl} as a learner`)
  const others = members.filter(({ peerUrls }) => !peerUrls.includes(member.peerUrl))
  await manifest.write([...initialCluster(others, member), { name: member.name, peerUrl: member.peerUrl }])
}

/** A member without a name has not started yet: its id will do, since only the URLs are compared. */
function initialCluster(members: readonly EtcdMember[], { name, peerUrl }: NewMember): readonly InitialClusterMember[] {
  return members.flatMap((member) =>
    member.peerUrls.map((url) => ({ name: member.peerUrls.includes(peerUrl) ? name : member.name || member.id, peerUrl: url })),
  )
}

/**
 * The member answers for itself, and the cluster has heard of its start.
 *
 * A new etcd tells the cluster its name and serves nobody until it sees that come back. When the snapshot that it gets first holds its name
 * already, it sees nothing, and asks again only after 7 s (5 s and two election timeouts: publishV3 and ReqTimeout of etcd's server).
 * Started again, it need not ask.
 */
async function untilStarted(options: JoinEtcdOptions): Promise<void> {
  const { etcd, member, restart, notStarted } = options
  let restarted = restart === undefined
  let patience: number | undefined
  await until(options, {
    what: `etcd at ${member.clientUrl}`,
    interval: { first: 20, most: 50 },
    look: async (signal) => {
      const { name, learner } = await selfIn(options, signal)
      const isKnown = name !== ''
      patience ??= isKnown ? patienceWithData : patienceWithoutData
      // It listens before it serves, and whoever asks then hangs.
      const soon = AbortSignal.timeout(patience)
      const { hasLeader } = await etcd
        .at(member.clientUrl)
        .status({ signal: restarted ? signal : AbortSignal.any([signal, soon]) })
        .catch(async (error: unknown) => {
          // Of a voter, slow as it may be, a quorum may hang.
          if (isKnown && learner && soon.aborted && !restarted) {
            restarted = true
            await restart?.()
          }
          throw error
        })
      if (!hasLeader) return { kind: 'not-yet', seen: 'it has not found the leader yet' }
      return isKnown ? { kind: 'done', value: undefined } : { kind: 'not-yet', seen: 'the cluster has not heard of its start' }
    },
    timedOut: notStarted ?? ((last) => failure(options, 'did not start', last)),
  })
}

/**
 * Milliseconds. Where it is going to serve it does so some 20 ms after the cluster knows its name; a slow host is started again once in
 * vain.
 */
const patienceWithoutData = 150

/** Of one that the cluster knew before: it has run and has its data, which it may compare with that of the others before it serves. */
const patienceWithData = 3000

/** Refused until the learner has caught up; a lost answer shows in the next look. */
async function untilVoter(options: JoinEtcdOptions): Promise<void> {
  const { etcd, member } = options
  await until(options, {
    what: `etcd to make "${member.name}" a voter`,
    look: async (signal) => {
      const { id, learner } = await selfIn(options, signal)
      if (learner) await etcd.promote(id, { signal: forOneChange(signal) })
      return { kind: 'done', value: undefined }
    },
    timedOut: (last) => failure(options, 'was not made a voter', last),
  })
}

async function untilAgreed(options: JoinEtcdOptions): Promise<EtcdMember> {
  const { etcd, member } = options
  return await until(options, {
    what: `etcd with "${member.name}" as a voter`,
    look: async (signal) => {
      const self = await selfIn(options, signal)
      if (self.learner) return { kind: 'not-yet', seen: 'the cluster has it as a learner still' }
      const own = etcd.at(member.clientUrl)
      const { id, learner } = await own.status({ signal })
      if (learner || id !== self.id) return { kind: 'not-yet', seen: 'the member has not heard of it' }
      return (await own.isHealthy({ signal })) ? { kind: 'done', value: self } : { kind: 'not-yet', seen: 'the member has no quorum yet' }
    },
    timedOut: (last) => failure(options, 'is not healthy', last),
  })
}

async function selfIn({ etcd, member }: JoinEtcdOptions, signal: AbortSignal): Promise<EtcdMember> {
  const self = (await etcd.members({ signal })).find(isAt(member.peerUrl))
  if (self !== undefined) return self
  throw new Error(`somebody removed the member at ${member.peerUrl}`)
}

function until<T>(
  { timeout, signal, waiting }: JoinEtcdOptions,
  wait: Pick<WaitOptions<T>, 'what' | 'interval' | 'look' | 'timedOut'>,
): Promise<T> {
  return waitUntil({}, { ...wait, timeout, signal, onWaiting: waiting })
}

function failure({ member, timeout }: JoinEtcdOptions, what: string, last: string): KadmError {
  return new KadmError(
    'ETCD_FAILED',
    `the new etcd member "${member.name}" at ${member.peerUrl} ${what} within ${timeout / 1000} s: ${last}`,
    {
      remedy: [
        'crictl logs $(crictl ps -a -q --name etcd | head -1)',
        'run the same command again: what is done already is kept',
        'kadm reset   # gives the host up and takes its member out of etcd',
      ],
    },
  )
}
