/** Before anything else: a run that was cut off may have left the kubelet stopped, or an API server that does not come up. */
import type { Cluster } from '../../cluster/cluster.ts'
import { paths } from '../../config/paths.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import type { JournaledRun } from '../../host/journal/journal-runs.ts'
import { waitUntil } from '../../host/wait.ts'
import { hostPathOf } from '../../manifests/host-path-of.ts'
import { parseStaticPod } from '../../manifests/static-pod-file.ts'
import { staticPodPath } from '../../manifests/write-static-pod.ts'
import { startKubelet } from '../kubelet-service.ts'
import type { RunSession } from '../run-session.ts'
import { containersOf } from '../components/static-pod-containers.ts'
import { isClosed, isReplacing, manifestsBefore } from './backup.ts'
import { nodeOfKubelet } from './cluster-config.ts'
import { copyDetails, finishRestore } from './etcd-data.ts'
import { endContainers, replaceStaticPods, type NewManifest } from './replace-static-pods.ts'

const prefix = `${paths.temporary}/kadm-upgrade-`

export interface Continued {
  /** The run that this one goes on with. */
  readonly earlier: JournaledRun | undefined
  /** Its folder: what is in it was there before either. Otherwise a new one. */
  readonly backup: string
}

/**
 * What is on its way is gone on with, whoever of the upgrades before has begun it: those between may have been killed before they noted
 * anything of it. One that has gone back to what was before has left nothing to go on with, and one that has replaced the static Pods only
 * for the same run: what is in their folders may be older by now than what is on the host.
 */
export async function goOnWith(
  { resumed, unfinished, leftByAll }: Pick<RunSession, 'resumed' | 'unfinished' | 'leftByAll'>,
  { host, now }: { readonly host: Host; readonly now: Date },
): Promise<Continued> {
  const begun = lastFolder(leftByAll)
  if (begun !== undefined && (await isReplacing({ host, backup: begun }))) return { earlier: leftByAll, backup: begun }
  const earlier = resumed ?? unfinished
  const own = lastFolder(earlier)
  if (own !== undefined && resumed !== undefined && !(await isClosed({ host, backup: own }))) return { earlier, backup: own }
  const time = now.toISOString().slice(0, 19).replaceAll(/[T:]/g, '-')
  return { earlier: own === undefined ? earlier : undefined, backup: `${prefix}${time}` }
}

function lastFolder(run: JournaledRun | undefined): string | undefined {
  const last = run?.changes.findLast((change) => 'path' in change && change.path.startsWith(prefix))
  return last !== undefined && 'path' in last ? `${prefix}${last.path.slice(prefix.length).split('/')[0]}` : undefined
}

export interface BringBackOptions {
  readonly host: Host
  readonly cluster: () => Promise<Cluster>
  readonly backup: string
  readonly signal: AbortSignal
  readonly say: (line: string) => void
  readonly warn: (line: string) => void
}

/**
 * Starts the kubelet, and goes back to the manifests that were there when no API answers after that. Nothing happens after a run that did
 * not get as far as that.
 */
export async function bringBack(earlier: JournaledRun | undefined, options: BringBackOptions): Promise<void> {
  if (earlier === undefined || !earlier.changes.some((change) => change.kind === 'stop-service' && change.service === 'kubelet')) return
  const { host, say, warn } = options
  await endWhatIsEnding(earlier, options)
  await finishEtcdData(options)
  if (!(await host.services.isActive('kubelet'))) {
    say(`"kadm ${earlier.command}" was cut off while the kubelet was stopped: starting it`)
    await startKubelet(host, warn)
  }
  if (await answers(options)) return
  const old = await replacedManifests(options)
  if (old.length === 0) throw noAnswer(options.backup, await copyDetails(options))
  warn(`no API answers with what "kadm ${earlier.command}" has left: going back to the manifests that were there`)
  await replaceStaticPods(old, { host, node: await nodeOfKubelet(host, warn), cluster: await options.cluster() }, options)
  if (!(await answers(options))) throw noAnswer(options.backup, await copyDetails(options))
}

/**
 * A container runtime does not go on when whoever asks it to stop a container is gone: an API server that was told to end and not ended
 * serves nobody, and waits a minute for its watches before the kubelet may start it anew.
 */
async function endWhatIsEnding({ changes }: JournaledRun, { host, warn }: BringBackOptions): Promise<void> {
  const begun = new Set(changes.flatMap((change) => (change.kind === 'stop-container' ? [change.id] : [])))
  const { criSocket } = await nodeOfKubelet(host, warn)
  const runtime = host.containerRuntime(criSocket)
  await endContainers(
    (await runtime.containers()).filter(({ id, state }) => state === 'running' && begun.has(id)),
    runtime,
  )
}

/** Without etcd's manifest the kubelet would start an API server that waits for it. */
async function finishEtcdData({ host, backup, say }: BringBackOptions): Promise<void> {
  const text = (await manifestsBefore({ host, backup })).get('etcd')
  const dataDir = text === undefined ? undefined : hostPathOf(parseStaticPod(text, `${backup}/manifests/etcd.yaml`), 'etcd-data')
  if (text === undefined || dataDir === undefined || !(await finishRestore({ host, backup, dataDir }))) return
  say(`etcd's data was being put back as it was before the upgrade: done, in "${dataDir}"`)
  await host.writeFile(staticPodPath('etcd'), text, { mode: 0o600 })
}

/** Milliseconds. An API server is up within some seconds after its kubelet, and one that has crashed before is started again within 40. */
const longestStart = 90_000

async function answers({ host, cluster, backup, signal }: BringBackOptions): Promise<boolean> {
  const api = await cluster()
  try {
    await waitUntil(host, {
      what: `${api.server}/livez`,
      timeout: longestStart,
      signal,
      look: async () => {
        const { status } = await api.raw('/livez')
        return status === 200 ? { kind: 'done', value: undefined } : { kind: 'not-yet', seen: `status ${status}` }
      },
      timedOut: () => noAnswer(backup),
    })
    return true
  } catch {
    signal.throwIfAborted()
    return false
  }
}

/** Old manifests in whose place there are others. An etcd that runs stays: its data may be of no use to the one before. */
async function replacedManifests({ host, backup, warn }: BringBackOptions): Promise<readonly NewManifest[]> {
  const { criSocket, name } = await nodeOfKubelet(host, warn)
  const [etcd] = await containersOf('etcd', { runtime: host.containerRuntime(criSocket), nodeName: name })
  const keepsEtcd = etcd?.state === 'running' && etcd.attempt === 0
  const replaced: NewManifest[] = []
  for (const [component, text] of await manifestsBefore({ host, backup })) {
    if (component === 'etcd' && keepsEtcd) continue
    if ((await host.readText(staticPodPath(component))) !== text) replaced.push({ component, text })
  }
  return replaced
}

function noAnswer(backup: string, details: readonly string[] = []): KadmError {
  return new KadmError('UPGRADE_STUCK', 'an upgrade was cut off on this host, and no API server of it answers', {
    details,
    remedy: [
      'crictl ps -a --name "kube-apiserver|etcd"   # then crictl logs',
      `cat ${backup}/README   # how to go back by hand`,
      'run the same command again: it goes on from here',
    ],
  })
}
