/** Back to the static Pods that were there, when new ones do not come up. */
import type { Cluster } from '../../cluster/cluster.ts'
import type { InitConfig } from '../../config/model.ts'
import { KadmError, messageOf } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import type { PhaseContext } from '../phase.ts'
import { containersOf } from '../components/static-pod-containers.ts'
import { awaitStaticPod, type ExpectedStaticPod } from './await-static-pod.ts'
import { closeBackup, restoreFiles } from './backup.ts'
import { copyDetails, dropEtcdDataCopy, restoreEtcdData } from './etcd-data.ts'
import { isEtcdHealthy } from './own-etcd.ts'
import { replaceStaticPods } from './replace-static-pods.ts'
import type { PlannedStaticPod } from './static-pod-plan.ts'

export interface RollBackOptions {
  readonly host: Host
  readonly config: InitConfig
  readonly cluster: Cluster
  readonly backup: string
  /** Milliseconds. */
  readonly timeout: number
  /**
   * This run has copied the data of a sole member of etcd, and no etcd was seen to serve since: nothing is lost, and no other member is
   * forgotten, when the copy is put back.
   */
  readonly copyIsCurrent: boolean
}

/**
 * Old manifests and certificates back, and waits until the old components serve. An etcd that is well stays as it is: older API servers
 * work with it. Data that the new etcd has touched is replaced by the copy only when the old etcd ends at once with it, and when the copy
 * lacks nothing that was served.
 *
 * @returns the error to throw: what failed, with its log, and what runs now
 */
export async function rollBack(
  replaced: readonly PlannedStaticPod[],
  cause: unknown,
  options: RollBackOptions,
  context: PhaseContext,
): Promise<KadmError> {
  const { host, config, cluster, timeout } = options
  // A run that the user has stopped goes back all the same.
  const unstoppable = { ...context, signal: new AbortController().signal }
  const keepsEtcd =
    replaced.some(({ component }) => component === 'etcd') &&
    (await isEtcdHealthy({ host, config, signal: AbortSignal.timeout(5000) }).catch(() => false))
  const old = replaced.flatMap(({ component, before }) =>
    before === undefined || (component === 'etcd' && keepsEtcd) ? [] : [{ component, ...before }],
  )
  context.say(
    `[upgrade/staticpods] ${messageOf(cause)}. Going back to the manifests that were there: ${old.map(({ component }) => component).join(', ')}`,
  )
  try {
    await restoreFiles(options)
    const replacedBack = await replaceStaticPods(old, { host, node: config.init.nodeRegistration, cluster }, unstoppable)
    const { ended, data } = await awaitOldEtcd(old, { ...options, ended: replacedBack }, unstoppable)
    await Promise.all(old.map((one) => awaitStaticPod(one, { host, config, ended, timeout }, unstoppable)))
    await dropEtcdDataCopy(options)
    await closeBackup(options).catch((error: unknown) => context.warn(messageOf(error)))
    return rolledBack(cause, { options, keepsEtcd, data })
  } catch (error) {
    return await stuck(cause, error, options)
  }
}

interface OldStaticPod extends ExpectedStaticPod {
  readonly text: string
}

interface OldEtcd {
  /** Containers that do not count any more, those of an etcd that could not use its data among them. */
  readonly ended: ReadonlySet<string>
  /** Where the data is that the old etcd could not use; `undefined` when it could, or when etcd was never replaced. */
  readonly data: string | undefined
}

async function awaitOldEtcd(
  old: readonly OldStaticPod[],
  { ended, ...options }: RollBackOptions & { readonly ended: ReadonlySet<string> },
  context: PhaseContext,
): Promise<OldEtcd> {
  const { host, config, cluster, backup, timeout, copyIsCurrent } = options
  const etcd = old.find(({ component }) => component === 'etcd')
  if (etcd === undefined) return { ended, data: undefined }
  try {
    await awaitStaticPod(etcd, { host, config, ended, timeout: Math.min(timeout, longestEtcdStart) }, context)
    return { ended, data: undefined }
  } catch (error) {
    const { etcd: where } = config.cluster
    if (where.kind === 'external' || !copyIsCurrent || !(await etcdHasEnded(ended, options))) throw error
    context.say(`[upgrade/etcd] ${messageOf(error)}. Putting back the copy of its data`)
    let data: string | undefined
    const endedAgain = await replaceStaticPods(
      old,
      {
        host,
        node: config.init.nodeRegistration,
        cluster,
        whileDown: async () => void (data = await restoreEtcdData({ host, backup, dataDir: where.dataDir })),
        staysDown: true,
      },
      context,
    )
    return { ended: endedAgain, data }
  }
}

/** One that runs and is not well, or was never started, says nothing about its data. */
async function etcdHasEnded(ended: ReadonlySet<string>, { host, config }: RollBackOptions): Promise<boolean> {
  const { criSocket, name } = config.init.nodeRegistration
  const containers = await containersOf('etcd', { runtime: host.containerRuntime(criSocket), nodeName: name })
  return containers.some(({ id, state }) => state === 'exited' && !ended.has(id))
}

/** Milliseconds. An etcd that can use its data serves within 2 s; one that cannot has crashed three times after 40. */
const longestEtcdStart = 60_000

interface Outcome {
  readonly options: RollBackOptions
  readonly keepsEtcd: boolean
  /** Where etcd's data is that was replaced. */
  readonly data: string | undefined
}

function rolledBack(cause: unknown, { options: { backup, config }, keepsEtcd, data }: Outcome): KadmError {
  return new KadmError(
    'UPGRADE_ROLLED_BACK',
    `the control plane of this node runs as it did before, and not ${config.cluster.kubernetesVersion}: ${messageOf(cause)}`,
    {
      cause,
      details: [
        ...(cause instanceof KadmError ? cause.details : []),
        ...(keepsEtcd ? ['the new etcd is healthy and stays: the old API server works with it'] : []),
        ...(data === undefined
          ? []
          : [
              `the old etcd could not use its data any more: it was put back as it was before the upgrade; what the new etcd had made of it is in ${data}`,
            ]),
      ],
      remedy: ['mend the cause, then run the same command again', `ls ${backup}   # what was before; see its README`],
    },
  )
}

async function stuck(cause: unknown, error: unknown, { host, backup }: RollBackOptions): Promise<KadmError> {
  // Whether it can be told does not change what failed.
  const copy = await copyDetails({ host, backup }).catch(() => [])
  return new KadmError('UPGRADE_STUCK', `the upgrade failed (${messageOf(cause)}), and going back failed too: ${messageOf(error)}`, {
    cause: error,
    details: [cause, error].flatMap((one) => (one instanceof KadmError ? one.details : [])).concat(copy),
    remedy: [`cat ${backup}/README   # how to go back by hand`, 'run the same command again: it goes on from here'],
  })
}
