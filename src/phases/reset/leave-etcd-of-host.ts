/** The departure of this host's member of etcd, and who can be asked about it. */
import path from 'node:path/posix'
import { withEtcdCluster } from '../../cluster/etcd-cluster.ts'
import { etcdCredentials, etcdEndpoints } from '../../cluster/etcd-endpoints.ts'
import { leaveEtcd, type Departure } from '../../cluster/etcd-leave.ts'
import type { EtcdMember } from '../../cluster/etcd-members.ts'
import { clientUrlBeside, nameOf } from '../../cluster/etcd-new-member.ts'
import { KadmError, hasCode } from '../../errors.ts'
import { connectWithKubeconfig } from '../../pki/kubeconfig/kubeconfig-cluster.ts'
import type { PhaseContext } from '../phase.ts'
import { noteBegun } from './begun-reset.ts'
import { ownMember } from './own-member.ts'
import type { ResetRun } from './reset-run.ts'

/**
 * An etcd that nobody can ask is no reason to stay: a warning, as in kubeadm, but for who must leave it. Throws ETCD_QUORUM, and ETCD_FAILED
 * when etcd refuses. Who must leave may not be the last member, and has to know that it has left.
 */
export async function leaveEtcdOfHost(run: ResetRun, context: PhaseContext): Promise<void> {
  const { host, before, kubeconfig } = run
  const { etcd } = before
  const { say, warn } = context
  const mustBeKnown = run.mustLeaveEtcd && before.wasMember && !before.hasLeft
  if (etcd === 'unreadable') {
    if (mustBeKnown) throw notLeft('the manifest of its etcd cannot be read')
    say('[reset] No etcd config found. Assuming external etcd')
    say('[reset] Please, manually reset etcd to prevent further issues')
    return
  }
  if (etcd === undefined && (await host.stat(kubeconfig)) === undefined) {
    if (mustBeKnown) throw notLeft(`it has neither a manifest of etcd nor "${kubeconfig}", so that nobody can be asked`)
    return
  }
  const known = etcd === undefined ? [] : [...new Set([...etcd.clientUrls, ...etcd.initialPeerUrls.map(clientUrlBeside)])]
  const departure = await departureBy(run, known, context)
  if (departure.kind === 'left') say(`[reset] Removed the etcd member ${nameOf(departure.member)}`)
  if (departure.kind === 'last') {
    if (run.mustLeaveEtcd) throw lastMember()
    say('[reset] This is the last member of etcd: the data of the cluster goes with it')
  }
  if (departure.kind !== 'unknown') return
  if (mustBeKnown) throw notLeft(departure.why)
  if (etcd === undefined && !before.hasBegunToJoin) return
  warn(
    `this host's member was not removed from etcd: ${departure.why}. If other members live on, remove it there with "etcdctl member remove"`,
  )
}

/** @param known client URLs to begin with; the API knows others */
async function departureBy(run: ResetRun, known: readonly string[], context: PhaseContext): Promise<Departure> {
  const asked = await attempt(run, async () => known, context)
  const askedAgain = asked.kind === 'unknown' ? await attempt(run, () => endpointsByApi(run, context.signal), context) : asked
  return askedAgain.kind === 'unknown' && known.length > 0 ? asked : askedAgain
}

function notLeft(why: string): KadmError {
  return new KadmError('ETCD_FAILED', `this host's member of etcd has to leave before the host does: ${why}`, {
    remedy: ['run the same command again when etcd answers', 'kadm reset   # on the host gives it up as it is'],
  })
}

function lastMember(): KadmError {
  return new KadmError('ETCD_QUORUM', 'this host has the last member of etcd: all data of the cluster would go with it', {
    remedy: [
      'let another control plane join first',
      'kadm reset --cluster-file FILE   # ends the whole cluster',
      'kadm reset   # on the host gives it up as it is',
    ],
  })
}

async function attempt(run: ResetRun, endpoints: () => Promise<readonly string[]>, context: PhaseContext): Promise<Departure> {
  try {
    const urls = await endpoints()
    return urls.length === 0 ? { kind: 'unknown', why: 'where its members are is not known' } : await leave(run, urls, context)
  } catch (error) {
    context.signal.throwIfAborted()
    if (!hasCode(error, ...silence)) throw error
    return { kind: 'unknown', why: error.message }
  }
}

/** Nobody is there to be asked, or there is nothing to ask with. */
const silence = ['COMPONENT_NOT_HEALTHY', 'API_UNREACHABLE', 'API_REFUSED', 'CERTIFICATE_INVALID', 'KUBECONFIG_INVALID'] as const

async function endpointsByApi({ host, kubeconfig, before, mustLeaveEtcd }: ResetRun, signal: AbortSignal): Promise<readonly string[]> {
  const cluster = await connectWithKubeconfig(host, kubeconfig, { signal })
  try {
    // Without a member of its own the host probably has no part in any etcd.
    const isLikelyMember = before.etcd !== undefined || before.hasBegunToJoin || mustLeaveEtcd
    return await etcdEndpoints(cluster, { timeout: isLikelyMember ? longestQuestion : 500, signal })
  } catch (error) {
    if (hasCode(error, 'ETCD_FAILED')) return []
    throw error
  } finally {
    await cluster.close()
  }
}

/** Milliseconds for the API and for each call of etcd: who does not answer by then is not waited for. */
const longestQuestion = 2000

async function leave(run: ResetRun, endpoints: readonly string[], { warn, waiting, signal }: PhaseContext): Promise<Departure> {
  const { host, config, before } = run
  const etcd = before.etcd === 'unreadable' ? undefined : before.etcd
  const folder =
    etcd?.certificates === undefined ? (before.certificateFolders[0] ?? config.certificatesDir) : path.dirname(etcd.certificates)
  const credentials = await etcdCredentials(host, folder)
  const { recording } = host
  const onlyNote = recording && ((member: EtcdMember) => recording.wouldWaitFor(`etcd to remove the member ${nameOf(member)}`))
  return withEtcdCluster({ endpoints, ...credentials, timeout: longestQuestion, dial: (address) => host.dial(address) }, (connection) =>
    leaveEtcd(connection, {
      self: (members) => ownMember(members, { host, etcd, connection, signal }),
      force: config.force,
      warn,
      waiting,
      signal,
      onlyNote,
      onLeave: () => noteBegun(run),
    }),
  )
}
