/** The first half of a member's join: its turn among others, its place in the member list, and what to take back when its start fails. */
import { KadmError, messageOf } from '../errors.ts'
import { waitUntil, type Look } from '../host/wait.ts'
import type { EtcdCluster } from './etcd-cluster.ts'
import { etcdHealth } from './etcd-health.ts'
import { memberConflict, removalRemedy } from './etcd-lost-member.ts'
import { EtcdRefusal, type EtcdMember } from './etcd-members.ts'
import { forOneChange, isAt, nameOf, type JoinEtcdOptions } from './etcd-new-member.ts'

type Step =
  /** All members, this one among them. */
  | { readonly kind: 'member'; readonly members: readonly EtcdMember[] }
  /** Another host's turn has begun or ended. */
  | { readonly kind: 'turn'; readonly of: EtcdMember | undefined }
  | { readonly kind: 'refused'; readonly error: KadmError }

/**
 * Resolves with all members once this one is among them, learner or voter; one that is there already (of a run that was cut off) is taken
 * as it is. Each host whose turn comes before has `timeout` of its own, since any number may join at once.
 */
export async function becomeMember(options: JoinEtcdOptions): Promise<readonly EtcdMember[]> {
  const { say } = options
  let holder: EtcdMember | undefined
  for (;;) {
    const step = await nextStep(options, holder)
    if (step.kind === 'member') return step.members
    if (step.kind === 'refused') throw step.error
    holder = step.of
    if (holder !== undefined) say(`Waiting for the etcd member ${nameOf(holder)}, which is joining: etcd takes one new member at a time`)
  }
}

/**
 * Removes this host's learner when nothing on this host can start it. Resolves with the error to throw: the given one, or one that says
 * what could not be removed. Uses no signal: it is what a stopped run does last.
 */
export async function withoutDeadLearner(error: unknown, { etcd, host, member, manifest, say }: JoinEtcdOptions): Promise<unknown> {
  try {
    if ((await host.stat(manifest.path)) !== undefined) return error
    const own = (await etcd.members()).find(isAt(member.peerUrl))
    if (own === undefined || !own.learner || own.name !== '') return error
    try {
      await etcd.remove(own.id)
      say(`Removed the etcd member at ${member.peerUrl} again, since it will not be started`)
    } catch (why) {
      return new KadmError(
        'ETCD_FAILED',
        `${messageOf(error)}; and the etcd member ${own.id} that was added for it cannot be removed: ${messageOf(why)}`,
        {
          remedy: ['run the same command again: it goes on with this member', removalRemedy(own.id)],
          cause: error,
        },
      )
    }
    return error
  } catch {
    return error // etcd does not answer: what led here says more
  }
}

async function nextStep(options: JoinEtcdOptions, holder: EtcdMember | undefined): Promise<Step> {
  const { etcd, member, timeout, signal, waiting } = options
  const unsettled = unsettledCluster(options)
  return await waitUntil<Step>(
    {},
    {
      what: holder === undefined ? 'etcd to take a new member' : `the etcd member ${nameOf(holder)} to join first`,
      timeout,
      interval: { first: 100, most: 250 },
      look: (limit) => look(options, { holder, unsettled, signal: limit }),
      signal,
      onWaiting: waiting,
      timedOut: async (last) => (holder === undefined ? notAdded(member.peerUrl, last, await deadVoters(etcd)) : blocked(holder, timeout)),
    },
  )
}

interface LookOptions {
  readonly holder: EtcdMember | undefined
  readonly unsettled: (reason: string) => Promise<Look<Step>>
  readonly signal: AbortSignal
}

async function look({ etcd, member, host, say }: JoinEtcdOptions, { holder, unsettled, signal }: LookOptions): Promise<Look<Step>> {
  const members = await etcd.members({ signal })
  const conflict = await memberConflict(members, member, host)
  if (conflict !== undefined) return { kind: 'done', value: { kind: 'refused', error: conflict.error } }
  if (members.some(isAt(member.peerUrl))) return { kind: 'done', value: { kind: 'member', members } }
  const turn = turnOf(members, holder)
  if (turn !== undefined) return turn
  try {
    const withOwn = await etcd.addLearner(member.peerUrl, { signal: forOneChange(signal) })
    say('Announced new etcd member joining to the existing etcd cluster')
    return { kind: 'done', value: { kind: 'member', members: withOwn } }
  } catch (error) {
    // No leader just now, an answer that was lost: all of that passes.
    if (!(error instanceof EtcdRefusal)) throw error
    if (error.reason.includes('unhealthy cluster')) return await unsettled(error.reason)
    if (!error.reason.includes('too many learner')) throw error
    // Somebody was faster: who?
    return turnOf(await etcd.members({ signal }), holder) ?? { kind: 'not-yet', seen: error.reason }
  }
}

function turnOf(members: readonly EtcdMember[], holder: EtcdMember | undefined): Look<Step> | undefined {
  const learner = members.find((other) => other.learner)
  if (learner?.id !== holder?.id) return { kind: 'done', value: { kind: 'turn', of: learner } }
  return learner === undefined ? undefined : { kind: 'not-yet', seen: 'it is a learner still' }
}

/**
 * What follows from etcd's "unhealthy cluster": it takes a member only when all voters have been connected for 5 s (HealthInterval of
 * etcd's server.go). So the next one always waits that long after the one before; and as long as a voter is down nobody is taken, which no
 * waiting mends.
 */
function unsettledCluster({ etcd, member, say }: JoinEtcdOptions): (reason: string) => Promise<Look<Step>> {
  let since: number | undefined
  return async (reason) => {
    if (since === undefined) say('Waiting for etcd to settle: it takes a new member when all others have been connected for 5 s')
    since ??= performance.now()
    if (performance.now() - since < voterPatience) return { kind: 'not-yet', seen: reason }
    const dead = await deadVoters(etcd)
    if (dead.length === 0) return { kind: 'not-yet', seen: reason }
    return { kind: 'done', value: { kind: 'refused', error: notAdded(member.peerUrl, reason, dead) } }
  }
}

/** Milliseconds, three times etcd's interval: a voter that is only restarting is back by then. */
const voterPatience = 15_000

async function deadVoters(etcd: EtcdCluster): Promise<readonly EtcdMember[]> {
  return await etcdHealth(etcd).then(
    ({ unhealthy }) => unhealthy,
    () => [],
  )
}

function notAdded(peerUrl: string, last: string, dead: readonly EtcdMember[]): KadmError {
  const [first] = dead
  return new KadmError('ETCD_FAILED', `etcd does not take the member at ${peerUrl}: ${last}`, {
    details: dead.map((member) => `the member ${nameOf(member)} (id ${member.id}) does not answer`),
    remedy:
      first === undefined
        ? ['kubectl -n kube-system logs -l component=etcd --tail=20', 'run the same command again']
        : ['bring the hosts of these members back, then run the same command again', removalRemedy(first.id, 'or, if a host is lost: ')],
  })
}

function blocked(holder: EtcdMember, timeout: number): KadmError {
  return new KadmError(
    'ETCD_FAILED',
    `the etcd member ${nameOf(holder)} (id ${holder.id}) has not finished its join within ${timeout / 1000} s, and etcd takes one new member at a time`,
    {
      remedy: [
        'on the host of that member run its join again, or kadm reset; then run this command again',
        removalRemedy(holder.id, 'if that host is lost: '),
      ],
    },
  )
}
