/** A host that was lost and comes back empty: etcd still counts on its member, and would break if an empty one took its place. */
import { KadmError, hasCode } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { pauseFor, waitUntil } from '../host/wait.ts'
import type { Cluster } from './cluster.ts'
import type { EtcdCluster } from './etcd-cluster.ts'
import { EtcdRefusal, type CallOptions, type EtcdMember } from './etcd-members.ts'
import { clientUrlBeside, isAt, nameOf, type NewMember } from './etcd-new-member.ts'
import { kinds } from './kinds.ts'
import { retryUntil } from './wait.ts'

/**
 * The error that stands between this host and its membership, and the member to remove if that would help; `undefined` when all is well. A
 * member that has started keeps its data on its host: where that is not so it is another's, or a lost host's. A member that was removed
 * cannot come back with its old data.
 */
export async function memberConflict(
  members: readonly EtcdMember[],
  { name, peerUrl, dataDir }: NewMember,
  host: Pick<Host, 'list'>,
): Promise<{ readonly error: KadmError; readonly member: EtcdMember | undefined } | undefined> {
  const hasData = (await host.list(`${dataDir}/member`)) !== undefined
  const here = members.find(isAt(peerUrl))
  const namesake = members.find((member) => member.name === name && member !== here)
  const lost = here !== undefined && here.name !== '' && !hasData ? here : namesake
  if (lost !== undefined) return { error: memberLost(lost, name), member: lost }
  if (here === undefined && hasData) return { error: staleData(dataDir), member: undefined }
  return undefined
}

export interface LostMemberOptions {
  readonly host: Pick<Host, 'list' | 'recording'>
  readonly member: NewMember
  /** The user asked for it with `--replace`. */
  readonly replace: boolean
  /** Its Node is deleted with administrator's rights. */
  readonly cluster: Pick<Cluster, 'delete'>
  readonly say: (line: string) => void
  readonly signal?: AbortSignal
}

/**
 * To be called before the host is touched. Throws ETCD_MEMBER_LOST when etcd has a member of this name or address that is not this host as
 * it is now; with `replace` such a member and its Node are removed instead, if it is dead.
 */
export async function refuseOrReplaceLostMember(etcd: EtcdCluster, { host, member, replace, ...rest }: LostMemberOptions): Promise<void> {
  // What one of them knows will do: where there is no quorum, `checkEtcdHealth` says so in better words, and the join itself looks again.
  const conflict = await memberConflict(await membersInTime(etcd, rest), member, host)
  if (conflict === undefined) return
  if (!replace || conflict.member === undefined) throw conflict.error
  if (host.recording !== undefined) return host.recording.wouldWaitFor(`etcd to remove the dead member ${nameOf(conflict.member)}`)
  await removeDeadMember(etcd, { dead: conflict.member, nodeName: member.name, ...rest })
}

/** A member that is busy, as with another that joins at the same time, is asked again. */
function membersInTime(etcd: EtcdCluster, { signal }: CallOptions): Promise<readonly EtcdMember[]> {
  return retryUntil(() => etcd.members({ signal, ofQuorum: false }), {
    timeout: quorumPatience,
    signal,
    describe: 'the list of the members of etcd',
    giveUp: (error) => !hasCode(error, 'ETCD_FAILED'),
  })
}

/** Milliseconds: as long as `checkEtcdHealth` waits for a quorum. */
const quorumPatience = 10_000

export interface RemoveDeadMemberOptions extends Pick<LostMemberOptions, 'cluster' | 'say' | 'signal'> {
  readonly dead: EtcdMember
  readonly nodeName: string
}

/** Removes the member, then its Node. Throws ETCD_MEMBER_LOST when the member is alive, ETCD_FAILED when etcd does not let it go. */
export async function removeDeadMember(
  etcd: EtcdCluster,
  { dead, nodeName, cluster, say, signal }: RemoveDeadMemberOptions,
): Promise<void> {
  // One that says of no URL yet may just be starting.
  const urls = dead.clientUrls.length === 0 ? dead.peerUrls.map(clientUrlBeside) : dead.clientUrls
  if (await isAnyAlive(etcd, urls, signal)) throw memberAlive(dead)
  await removeMember(etcd, dead, { signal })
  say(`Removed the dead etcd member ${nameOf(dead)}`)
  await cluster.delete({ ...kinds.node, name: nodeName })
  say(`Removed the Node "${nodeName}" of the lost host`)
}

/**
 * Takes a member out, which it may have left by itself by then. Throws ETCD_FAILED when etcd does not let it go within `timeout`
 * milliseconds.
 */
export async function removeMember(
  etcd: EtcdCluster,
  member: EtcdMember,
  {
    timeout = removalTimeout,
    signal,
    waiting,
  }: CallOptions & { readonly timeout?: number | undefined; readonly waiting?: ((text: string) => void) | undefined },
): Promise<void> {
  await waitUntil(
    {},
    {
      what: `etcd to remove the member ${nameOf(member)}`,
      timeout,
      look: async (limit) => {
        await etcd.remove(member.id, { signal: limit })
        return { kind: 'done', value: true }
      },
      signal,
      onWaiting: waiting,
      timedOut: (last) =>
        new KadmError('ETCD_FAILED', `the etcd member ${nameOf(member)} cannot be removed: ${last}`, {
          remedy: [removalRemedy(member.id)],
        }),
    },
  )
}

/** Milliseconds. etcd refuses removals until its voters have been connected for 5 s (its HealthInterval). */
const removalTimeout = 20_000

/** One that is just being started anew, or was out of reach for a moment, is not dead: asked again for some seconds. */
async function isAnyAlive(etcd: EtcdCluster, urls: readonly string[], signal: AbortSignal | undefined): Promise<boolean> {
  const end = performance.now() + longestRestart
  for (;;) {
    const alive = await Promise.all(urls.map((url) => isAlive(etcd, url, signal)))
    if (alive.includes(true)) return true
    if (performance.now() >= end) return false
    await pauseFor(betweenQuestions, signal)
  }
}

/** Milliseconds. */
const longestRestart = 6000
const betweenQuestions = 1000

async function isAlive(etcd: EtcdCluster, url: string, signal: AbortSignal | undefined): Promise<boolean> {
  return await etcd
    .at(url)
    .status({ signal })
    .then(
      () => true,
      (error: unknown) => {
        signal?.throwIfAborted()
        return error instanceof EtcdRefusal
      },
    )
}

/** @param when such as `if its host is lost: ` */
export function removalRemedy(id: string, when = ''): string {
  const pki = '/etc/kubernetes/pki'
  const files = `--cacert=${pki}/etcd/ca.crt --cert=${pki}/etcd/healthcheck-client.crt --key=${pki}/etcd/healthcheck-client.key`
  return `kubectl -n kube-system exec etcd-NAME -- etcdctl ${files} member remove ${id}   # ${when}NAME is a control plane that is up; ${pki} is its certificatesDir, if that is no other`
}

function memberLost(member: EtcdMember, nodeName: string): KadmError {
  return new KadmError(
    'ETCD_MEMBER_LOST',
    `etcd has a member ${nameOf(member)} already (id ${member.id}), and its data is not on this host`,
    {
      remedy: [
        `if its host is lost: run the same command with --replace, which removes the etcd member ${member.id} and the Node "${nodeName}"`,
        `kubectl delete node ${nodeName}   # or remove both yourself: this, then`,
        removalRemedy(member.id),
        'if its host is alive: give this one another name or address',
      ],
    },
  )
}

function memberAlive(member: EtcdMember): KadmError {
  return new KadmError('ETCD_MEMBER_LOST', `the etcd member ${nameOf(member)} (id ${member.id}) is alive: it is not removed`, {
    remedy: ['kadm reset   # on its host: takes it out of the cluster', 'or give this host another name or address'],
  })
}

function staleData(dataDir: string): KadmError {
  return new KadmError('ETCD_MEMBER_LOST', `"${dataDir}" holds the data of a member that etcd does not know any more`, {
    remedy: [`mv "${dataDir}" "${dataDir}.old"`, 'kadm reset   # then run the same command again'],
  })
}
