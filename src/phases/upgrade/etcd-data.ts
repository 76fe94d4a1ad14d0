/**
 * The data of a sole etcd: copied while no etcd runs, and put back by renames, so that `member` is whole at any moment or its manifest is
 * away. A kubelet that starts etcd beside an empty folder makes a new, empty cluster.
 */
import { KadmError, messageOf } from '../../errors.ts'
import { realPath } from '../../host/empty-directory.ts'
import type { Host } from '../../host/host.ts'
import { mountsBelow } from '../../host/mounts.ts'
import { commandOf, findStaticPod } from '../../manifests/static-pod-file.ts'
import { staticPodPath } from '../../manifests/write-static-pod.ts'

export interface EtcdDataOptions {
  readonly host: Host
  /** Folder of the upgrade. */
  readonly backup: string
  /** As the manifest names it: may be a link. */
  readonly dataDir: string
}

/** In the folder of an upgrade. */
const names = { copy: 'etcd-data', after: 'etcd-data-after' } as const

/** Where the copy lies: `member` in it is etcd's. */
export function etcdDataCopy(backup: string): string {
  return `${backup}/${names.copy}`
}

/** Why there can be no copy to rely on; `undefined`: nothing is in the way. Looks only. */
export async function copyObstacle(host: Host, dataDir: string): Promise<string | undefined> {
  const { folder, member } = await placesOf(host, dataDir)
  if ((await host.stat(member))?.kind !== 'directory') return `"${member}" is no folder`
  const mount = (await mountsBelow(host, folder)).find((point) => point === member || point.startsWith(`${member}/`))
  if (mount !== undefined) return `something is mounted at "${mount}"`
  const { stdout } = await host.query(['find', member, '-xdev', '!', '-type', 'f', '!', '-type', 'd'])
  const [other = ''] = stdout.split('\n')
  if (other !== '') return `"${other}" is neither a file nor a folder`
  const pod = await findStaticPod(host, 'etcd')
  const hasOtherLog = pod !== undefined && commandOf(pod, 'etcd').some((word) => word.startsWith('--wal-dir'))
  return hasOtherLog ? 'a part of it is elsewhere (--wal-dir)' : undefined
}

/** A later etcd may leave the data in a form that the one before cannot read. No etcd may run. */
export async function copyEtcdData({ host, backup, dataDir }: EtcdDataOptions): Promise<void> {
  const { member } = await placesOf(host, dataDir)
  const copy = `${backup}/${names.copy}`
  await host.run(['rm', '-rf', '--', copy, `${backup}/${names.after}`])
  await host.makeDirectory(copy, 0o700)
  await copyTree(host, member, `${copy}/member`)
}

/** Is there a whole copy of etcd's data from before? */
export async function hasEtcdDataCopy({ host, backup }: Pick<EtcdDataOptions, 'host' | 'backup'>): Promise<boolean> {
  return (await host.stat(`${backup}/${names.copy}/member`)) !== undefined
}

/** The snapshot stays; the copy was for the way back only, and is out of date as soon as an etcd has served. */
export async function dropEtcdDataCopy({ host, backup }: Pick<EtcdDataOptions, 'host' | 'backup'>): Promise<void> {
  const copy = `${backup}/${names.copy}`
  if ((await host.stat(copy)) !== undefined) await host.run(['rm', '-rf', '--', copy])
}

/** For an error, where there is such a copy: a person may want it when nothing else is left. */
export async function copyDetails(options: Pick<EtcdDataOptions, 'host' | 'backup'>): Promise<readonly string[]> {
  if (!(await hasEtcdDataCopy(options))) return []
  return [`a copy of etcd's data as it was before the upgrade is in ${options.backup}/${names.copy}; what was written since is not in it`]
}

/**
 * Puts the copy in the place of the data, which is kept. No etcd may run, and none can begin afterwards: its manifest is away, for the
 * caller to write. @returns where the data is that was there
 * @throws KadmError FILE_FAILED: the kubelet must not be started then
 */
export async function restoreEtcdData(options: EtcdDataOptions): Promise<string> {
  const { host, backup, dataDir } = options
  try {
    const obstacle = await copyObstacle(host, dataDir)
    if (obstacle !== undefined) throw new Error(obstacle)
    const { next, old } = await placesOf(host, dataDir)
    await host.run(['rm', '-rf', '--', next, old])
    await copyTree(host, `${backup}/${names.copy}/member`, next)
    await host.run(['sync'], { timeout: longest })
    await host.removeFile(staticPodPath('etcd'))
    return await putInPlace(options)
  } catch (error) {
    throw notInPlace(options, error)
  }
}

/**
 * Finishes what a run was cut off at: only with etcd's manifest away has it begun to rename. Otherwise takes away what it has copied for
 * that. To be called before the kubelet is started. @returns must etcd's manifest be written?
 * @throws KadmError as `restoreEtcdData`
 */
export async function finishRestore(options: EtcdDataOptions): Promise<boolean> {
  const { host, dataDir } = options
  const { next, old } = await placesOf(host, dataDir)
  if ((await host.stat(staticPodPath('etcd'))) !== undefined) {
    for (const left of [next, partOf(next)]) if ((await host.stat(left)) !== undefined) await host.run(['rm', '-rf', '--', left])
    return false
  }
  if ((await host.stat(next)) === undefined && (await host.stat(old)) === undefined) return false
  try {
    await putInPlace(options)
    return true
  } catch (error) {
    throw notInPlace(options, error)
  }
}

/** Milliseconds, for gigabytes on a slow disk. */
const longest = 600_000

/** From a whole `next` on, at any step of it. @returns where the data is that was there */
async function putInPlace({ host, backup, dataDir }: EtcdDataOptions): Promise<string> {
  const { member, next, old } = await placesOf(host, dataDir)
  const isThere = async (path: string): Promise<boolean> => (await host.stat(path)) !== undefined
  if (await isThere(next)) {
    // `-T`: never into a folder that is there, which must not happen.
    if (await isThere(member)) await host.run(['mv', '-T', '--', member, old])
    await host.run(['mv', '-T', '--', next, member])
  }
  // Before the manifest is back, on whatever disk that is.
  await host.run(['sync'], { timeout: longest })
  const after = `${backup}/${names.after}`
  try {
    if (await isThere(old)) await copyTree(host, old, after)
  } catch (error) {
    // No room, most likely: it may as well stay where it is.
    if (error instanceof KadmError) return old
    throw error
  }
  await host.run(['rm', '-rf', '--', old])
  return after
}

interface Places {
  /** With no link in it. */
  readonly folder: string
  /** All that is etcd's. Beside it may be what is somebody else's. */
  readonly member: string
  /** What shall be in the place of `member`: there only when it is whole. */
  readonly next: string
  /** What was in that place. */
  readonly old: string
}

async function placesOf(host: Pick<Host, 'query'>, dataDir: string): Promise<Places> {
  const folder = (await realPath(host, dataDir)) ?? dataDir
  return { folder, member: `${folder}/member`, next: `${folder}/.member.kadm-restore`, old: `${folder}/.member.kadm-old` }
}

function partOf(path: string): string {
  return `${path}.partial`
}

/** Whole, or nothing under that name. What is there is replaced. */
async function copyTree(host: Host, from: string, to: string): Promise<void> {
  const part = partOf(to)
  await host.run(['rm', '-rf', '--', part, to])
  try {
    await host.run(['cp', '-a', '--', from, part], { timeout: longest })
    await host.run(['mv', '-T', '--', part, to])
  } catch (error) {
    await host.run(['rm', '-rf', '--', part])
    throw error
  }
}

function notInPlace({ backup, dataDir }: EtcdDataOptions, error: unknown): KadmError {
  const manifest = staticPodPath('etcd')
  return new KadmError('FILE_FAILED', `etcd's data could not be put back in "${dataDir}": ${messageOf(error)}`, {
    cause: error,
    details: [
      `the kubelet is not started: with no data in "${dataDir}/member" etcd would begin a new, empty cluster`,
      `by hand: "${backup}/${names.copy}/member" to "${dataDir}/member", "${backup}/manifests/etcd.yaml" to "${manifest}", then systemctl start kubelet`,
    ],
    remedy: [`df -h ${dataDir} ${backup}; findmnt -R ${dataDir}`, 'run the same command again: it goes on from here'],
  })
}
