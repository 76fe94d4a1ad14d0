/** Whether etcd can take another member: a quorum of its voters must answer. */
import { KadmError } from '../errors.ts'
import { waitUntil } from '../host/wait.ts'
import type { EtcdCluster } from './etcd-cluster.ts'
import type { CallOptions, EtcdMember } from './etcd-members.ts'

export interface EtcdHealth {
  /** Members with a vote. */
  readonly voters: readonly EtcdMember[]
  /** Those of them that do not answer with the consent of a quorum. */
  readonly unhealthy: readonly EtcdMember[]
}

/** Asks every voter itself. Throws ETCD_FAILED when nobody even tells who the members are. */
export async function etcdHealth(etcd: EtcdCluster, options: CallOptions = {}): Promise<EtcdHealth> {
  // Without a quorum there is no agreed list either: each member's own will do.
  const members = await etcd.members({ ...options, ofQuorum: false })
  const voters = members.filter(({ learner }) => !learner)
  const answers = await Promise.all(
    voters.map(async ({ clientUrls }) => (await Promise.all(clientUrls.map((url) => isHealthy(etcd, url, options)))).includes(true)),
  )
  return { voters, unhealthy: voters.filter((_, index) => answers[index] !== true) }
}

/** Milliseconds, as kubeadm's. Without a quorum a member that is up lets one wait for 5 s and more. */
const longestAnswer = 2000

async function isHealthy(etcd: EtcdCluster, url: string, { signal }: CallOptions): Promise<boolean> {
  const limit = AbortSignal.timeout(longestAnswer)
  try {
    return await etcd.at(url).isHealthy({ signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) })
  } catch {
    signal?.throwIfAborted()
    return false
  }
}

export interface CheckEtcdHealthOptions {
  /** Milliseconds; default 10_000: an election may be under way, but a quorum that is lost does not come back by waiting. */
  readonly timeout?: number
  readonly signal?: AbortSignal
  readonly waiting?: (text: string) => void
  readonly warn?: (line: string) => void
}

/**
 * More than half of the voters must be healthy. A voter beside them that does not answer is only warned of, though etcd itself may refuse a
 * new member then. Resolves with what was seen; throws ETCD_FAILED with each member that does not answer.
 */
export async function checkEtcdHealth(
  etcd: EtcdCluster,
  { timeout = 10_000, signal, waiting, warn }: CheckEtcdHealthOptions = {},
): Promise<EtcdHealth> {
  let seen: EtcdHealth | undefined
  const health = await waitUntil<EtcdHealth>(
    {},
    {
      what: 'a quorum of etcd',
      timeout,
      look: async (limit) => {
        const now = await etcdHealth(etcd, { signal: limit })
        seen = now
        const healthy = now.voters.length - now.unhealthy.length
        if (healthy > now.voters.length / 2) return { kind: 'done', value: now }
        return { kind: 'not-yet', seen: `${healthy} of ${now.voters.length} members healthy` }
      },
      signal,
      onWaiting: waiting,
      timedOut: (last) => noQuorum(seen, last),
    },
  )
  for (const { name, id, clientUrls } of health.unhealthy)
    warn?.(
      `the etcd member "${name}" (id ${id}) does not answer at ${clientUrls.join(', ')}: etcd takes no new member until it does or is removed`,
    )
  return health
}

function noQuorum(health: EtcdHealth | undefined, last: string): KadmError {
  const details = (health?.unhealthy ?? []).map(
    ({ name, id, clientUrls }) => `member "${name}" (${id}) does not answer at ${clientUrls.join(', ')}`,
  )
  return new KadmError('ETCD_FAILED', `etcd is not healthy, so no member can join: ${last}`, {
    details,
    remedy: [
      'bring the hosts of these members back, then run the same command again',
      'crictl ps -a --name etcd   # on each of them: does its etcd run?',
    ],
  })
}
