/**
 * The static Pods of this node from one version to another: prepared while the old ones serve, replaced within seconds, and back when the
 * new ones do not come up.
 */
import type { Cluster } from '../../cluster/cluster.ts'
import { moveEtcdLeader, requireQuorumWithout, type PausedMember } from '../../cluster/etcd-pause.ts'
import { kinds } from '../../cluster/kinds.ts'
import { textAt } from '../../cluster/object-fields.ts'
import type { InitConfig } from '../../config/model.ts'
import { KadmError, messageOf } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { waitUntil } from '../../host/wait.ts'
import type { PhaseContext } from '../phase.ts'
import { awaitStaticPod } from './await-static-pod.ts'
import { backUp, closeBackup, isReplacing, manifestsBefore, markReplaced, markReplacing, restoreFiles } from './backup.ts'
import { copyEtcdData, copyObstacle, dropEtcdDataCopy } from './etcd-data.ts'
import { ownEtcd } from './own-etcd.ts'
import { renewForUpgrade } from './renew-for-upgrade.ts'
import { replaceStaticPods } from './replace-static-pods.ts'
import { rollBack } from './roll-back.ts'
import { planStaticPods, type PlannedStaticPod } from './static-pod-plan.ts'

export interface UpgradeStaticPodsOptions {
  readonly config: InitConfig
  readonly host: Host
  readonly cluster: Cluster
  readonly etcdUpgrade: boolean
  readonly certificateRenewal: boolean
  readonly backup: string
  /** When the run began. */
  readonly start: Date
  /** Milliseconds, for a component to come up. */
  readonly timeout: number
}

/** Throws UPGRADE_ROLLED_BACK, UPGRADE_STUCK; before anything is touched ETCD_FAILED, FILE_FAILED, PATCH_INVALID. */
export async function upgradeStaticPods(options: UpgradeStaticPodsOptions, context: PhaseContext): Promise<void> {
  const { config, host, cluster, etcdUpgrade, certificateRenewal, timeout } = options
  const { say, warn } = context
  const kept = await manifestsBefore(options)
  const planned = await planStaticPods({ config, host, etcdUpgrade, kept, say, warn })
  const changed = planned.filter(({ state }) => state === 'changes')
  for (const { component, state } of planned)
    if (state === 'equal') say(`[upgrade/staticpods] Current and new manifests of ${component} are equal, skipping upgrade`)
  const changesEtcd = changed.some(({ component }) => component === 'etcd')
  const otherMembers = changesEtcd ? await quorumWithoutOwnMember(options, context) : 0
  const isSoleMember = changesEtcd && otherMembers === 0
  const isContinued = await isReplacing(options)
  if (changed.length > 0 || certificateRenewal) {
    await backUp(planned, { ...options, isSoleMember }, context)
    await markReplacing(options)
  }
  const { hashes, dataDir } = await prepare(changed, { ...options, isSoleMember }, context).catch(async (error: unknown) => {
    if (!isContinued) await asBefore(options).catch((again: unknown) => warn(messageOf(again)))
    throw error
  })
  const concerned = planned.filter(({ state }) => state !== 'equal')
  if (concerned.length > 0) {
    await replace(planned, { ...options, dataDir }, context)
    await Promise.all(
      concerned.map((pod) => awaitMirrorPod(cluster, pod, { host, config, timeout, before: hashes.get(pod.component) }, context)),
    )
  }
  await markReplaced(options)
}

interface Prepared {
  /** By component: what the API shows before. */
  readonly hashes: ReadonlyMap<string, string>
  /** etcd's, to be copied. */
  readonly dataDir: string | undefined
}

/** All that can be done while the old control plane serves, and that is not undone by an end. */
async function prepare(
  changed: readonly PlannedStaticPod[],
  options: UpgradeStaticPodsOptions & { readonly isSoleMember: boolean },
  context: PhaseContext,
): Promise<Prepared> {
  const { config, cluster, certificateRenewal, isSoleMember } = options
  if (certificateRenewal) await renewForUpgrade(changed, options, context)
  const hashes = await mirrorHashes(cluster, changed, config)
  const dataDir = isSoleMember ? await dataToCopy(options, context) : undefined
  if (changed.some(({ component }) => component === 'etcd')) await moveEtcdLeader(await ownMember(options, context), context.say)
  return { hashes, dataDir }
}

/** No static Pod was replaced, some certificates may have been. */
async function asBefore(options: UpgradeStaticPodsOptions): Promise<void> {
  await restoreFiles(options)
  await closeBackup(options)
}

/** Milliseconds. A host that was switched on a moment ago has its etcd some seconds later, and so have the others. */
const etcdPatience = 60_000

/** Throws ETCD_FAILED when etcd has not come to where it can do without this node's member. @returns how many other voters there are */
async function quorumWithoutOwnMember(options: UpgradeStaticPodsOptions, context: PhaseContext): Promise<number> {
  const member = await ownMember(options, context)
  const { signal, waiting } = context
  return waitUntil(
    {},
    {
      what: 'etcd',
      look: async (limit) => ({ kind: 'done', value: await requireQuorumWithout({ ...member, signal: limit }) }),
      timeout: etcdPatience,
      interval: { first: 100, most: 1000 },
      signal,
      onWaiting: waiting,
      timedOut: (last, error) => (error instanceof Error ? error : new Error(last)),
    },
  )
}

async function ownMember(options: UpgradeStaticPodsOptions, { signal }: PhaseContext): Promise<PausedMember> {
  return { host: options.host, signal, ...(await ownEtcd(options)) }
}

/** @returns etcd's folder, if a copy of what is in it will do */
async function dataToCopy({ host, config }: UpgradeStaticPodsOptions, { warn }: PhaseContext): Promise<string | undefined> {
  const { etcd } = config.cluster
  if (etcd.kind === 'external') return undefined
  const obstacle = await copyObstacle(host, etcd.dataDir)
  if (obstacle === undefined) return etcd.dataDir
  warn(
    `no copy is made of etcd's data, only a snapshot: ${obstacle}. Should the old etcd not come up with it again, kadm cannot put it back`,
  )
  return undefined
}

/**
 * A kubelet that starts beside an API server whose etcd is not there waits for more than a minute: those two are always replaced together.
 */
function toReplace(planned: readonly PlannedStaticPod[]): readonly PlannedStaticPod[] {
  const changesEtcd = planned.some(({ component, state }) => component === 'etcd' && state === 'changes')
  return planned.filter(({ component, state }) => state === 'changes' || (changesEtcd && component === 'kube-apiserver'))
}

interface ReplaceOptions extends UpgradeStaticPodsOptions {
  /** To be copied: of the only member of an etcd. One that others know must not forget what it has told them. */
  readonly dataDir: string | undefined
}

async function replace(planned: readonly PlannedStaticPod[], options: ReplaceOptions, context: PhaseContext): Promise<void> {
  const { config, host, cluster, timeout, dataDir } = options
  const pods = toReplace(planned)
  const concerned = planned.filter((one) => one.state !== 'equal' || pods.includes(one))
  // One that an earlier run has made is older than what etcd has served since.
  if (dataDir === undefined) await dropEtcdDataCopy(options)
  // The first that fails ends the waits for the others: all of them go back.
  const stop = new AbortController()
  const signal = AbortSignal.any([context.signal, stop.signal])
  let [isCopied, hasServed] = [false, false]
  const copy = async (): Promise<void> => {
    if (dataDir === undefined) return
    await copyEtcdData({ ...options, dataDir })
    isCopied = true
  }
  try {
    const work = { host, node: config.init.nodeRegistration, cluster, whileDown: copy }
    const ended = pods.length === 0 ? new Set<string>() : await replaceStaticPods(pods, work, context)
    const results = await Promise.allSettled(
      concerned.map(async (pod) => {
        try {
          const seconds = await awaitStaticPod(pod, { host, config, ended, timeout }, { ...context, signal })
          // An API server is ready only when its etcd is.
          if (pod.component === 'etcd' || pod.component === 'kube-apiserver') hasServed = true
          if (seconds !== undefined)
            context.say(
              `[upgrade/staticpods] Component "${pod.component}" upgraded successfully! It runs and is healthy after ${seconds} s`,
            )
        } catch (error) {
          stop.abort(error)
          throw error
        }
      }),
    )
    const failed = results.find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw stop.signal.reason ?? failed.reason
  } catch (error) {
    throw await rollBack(concerned, error, { ...options, copyIsCurrent: isCopied && !hasServed }, context)
  }
  await dropEtcdDataCopy(options)
}

/** By component: the hash of its manifest that the API shows now. */
async function mirrorHashes(cluster: Cluster, pods: readonly PlannedStaticPod[], config: InitConfig): Promise<ReadonlyMap<string, string>> {
  const found = await Promise.all(
    pods.map(async ({ component }) => [component, hashOf(await cluster.get(mirrorPod(component, config)))] as const),
  )
  return new Map(found)
}

interface MirrorOptions {
  readonly host: Host
  readonly config: InitConfig
  /** Milliseconds. */
  readonly timeout: number
  readonly before: string | undefined
}

/** Until the API shows the Pod that runs: addons and other nodes go by that. The kubelet tells it a moment after the fact. */
async function awaitMirrorPod(
  cluster: Cluster,
  { component, pod }: PlannedStaticPod,
  { host, config, timeout, before }: MirrorOptions,
  { signal, waiting }: PhaseContext,
): Promise<void> {
  const ref = mirrorPod(component, config)
  await waitUntil(host, {
    what: `the Pod "${ref.name}" in the API to be the new one`,
    timeout,
    signal,
    onWaiting: waiting,
    look: async () => {
      const found = await cluster.get(ref)
      if (found === undefined) return { kind: 'not-yet', seen: 'it is not there' }
      if (hashOf(found) === before || textAt(found, 'spec.containers.0.image') !== textAt(pod, 'spec.containers.0.image'))
        return { kind: 'not-yet', seen: 'it is still the old one' }
      const phase = textAt(found, 'status.phase')
      return phase === 'Running' ? { kind: 'done', value: undefined } : { kind: 'not-yet', seen: `it is ${phase}` }
    },
    timedOut: (last) =>
      new KadmError(
        'COMPONENT_NOT_HEALTHY',
        `${component} runs in its new version, but the kubelet has not told the API after ${timeout / 1000} s: ${last}`,
        {
          remedy: ['journalctl -xeu kubelet', 'systemctl restart kubelet   # then run the same command again'],
        },
      ),
  })
}

function mirrorPod(
  component: string,
  { init }: InitConfig,
): { readonly apiVersion: string; readonly kind: string; readonly namespace: string; readonly name: string } {
  return { ...kinds.pod, namespace: 'kube-system', name: `${component}-${init.nodeRegistration.name}` }
}

function hashOf(pod: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } } | undefined): string {
  return pod?.metadata.annotations?.['kubernetes.io/config.hash'] ?? ''
}
