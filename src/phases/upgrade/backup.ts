/**
 * What was there before an upgrade, in a folder of its own on the host: manifests, certificates, kubeconfig files, a snapshot of etcd, and
 * how to use them.
 */
import path from 'node:path/posix'
import { saveSnapshot } from '../../cluster/etcd-snapshot.ts'
import type { InitConfig } from '../../config/model.ts'
import { paths } from '../../config/paths.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { shellLine } from '../../host/shell-quote.ts'
import { staticPodComponents, staticPodPath, type StaticPodComponent } from '../../manifests/write-static-pod.ts'
import { pairPaths } from '../../pki/certificate-files.ts'
import { managedCertificatesOf } from '../../pki/managed-certificates.ts'
import type { PhaseContext } from '../phase.ts'
import { backupReadme } from './backup-readme.ts'
import { backupRoom, existing, mebibytes } from './backup-room.ts'
import { etcdDataCopy } from './etcd-data.ts'
import { ownEtcd } from './own-etcd.ts'
import type { PlannedStaticPod } from './static-pod-plan.ts'

export interface BackupOptions {
  readonly host: Host
  readonly config: InitConfig
  /** The folder. */
  readonly backup: string
}

type Folder = Pick<BackupOptions, 'host' | 'backup'>

/** In the folder. */
const backupNames = { manifests: 'manifests', snapshot: 'etcd-snapshot.db', state: 'state' } as const

/**
 * Copies what the upgrade is going to change. What the folder has already stays: a run that goes on with another one would take that one's
 * work for what was before.
 * Throws FILE_FAILED, ETCD_FAILED; nothing else was changed then.
 *
 * @param options.isSoleMember etcd's data is going to be copied too
 */
export async function backUp(
  planned: readonly PlannedStaticPod[],
  options: BackupOptions & { readonly isSoleMember: boolean },
  context: PhaseContext,
): Promise<void> {
  const { host, config, backup } = options
  await host.makeDirectory(backup, 0o700)
  for (const { component, before } of planned)
    if (before !== undefined) await keep(host, staticPodPath(component), `${backup}/${backupNames.manifests}/${component}.yaml`)
  for (const file of changedFiles(config)) await keep(host, file, backupPath(options, file))
  const changesEtcd = planned.some(({ component, state }) => component === 'etcd' && state === 'changes')
  const file = `${backup}/${backupNames.snapshot}`
  if (changesEtcd) await requireRoom(options)
  const snapshot = changesEtcd ? await takeSnapshot(options, file, context) : undefined
  await host.writeFile(`${backup}/README`, backupReadme({ config, backup, snapshot, host: await host.facts() }), { mode: 0o600 })
}

/** Says in the folder that what is on the host is on its way: a run that goes on from there must know what was before. */
export async function markReplacing({ host, backup }: Folder): Promise<void> {
  await host.writeFile(`${backup}/${backupNames.state}`, replacing, { mode: 0o600 })
}

/** The static Pods run as they shall. Until the run is over, the folder is still that of one that goes on with it. */
export async function markReplaced({ host, backup }: Folder): Promise<void> {
  await host.removeFile(`${backup}/${backupNames.state}`)
}

/** No run goes on with it: all is as before, or other than before for good. What comes later must not be undone by what is in it. */
export async function closeBackup({ host, backup }: Folder): Promise<void> {
  if ((await host.stat(backup)) !== undefined) await host.writeFile(`${backup}/${backupNames.state}`, closed, { mode: 0o600 })
}

/** At the end of a run that has failed. */
export async function closeUnlessReplacing(folder: Folder): Promise<void> {
  if (!(await isReplacing(folder))) await closeBackup(folder)
}

/** Does what is on the host wait for a run that goes on with it? */
export async function isReplacing({ host, backup }: Folder): Promise<boolean> {
  return (await host.readText(`${backup}/${backupNames.state}`)) === replacing
}

export async function isClosed({ host, backup }: Folder): Promise<boolean> {
  return (await host.readText(`${backup}/${backupNames.state}`)) === closed
}

const [replacing, closed] = ['replacing\n', 'closed\n']

/** Puts certificates and kubeconfig files back as they were. */
export async function restoreFiles(options: BackupOptions): Promise<void> {
  const { host, config } = options
  for (const file of changedFiles(config)) {
    const content = await host.readFile(backupPath(options, file))
    if (content !== undefined) await host.writeFile(file, content, { mode: 0o600, keepMode: true, secret: true })
  }
}

/** The manifests that the folder has, by component. */
export async function manifestsBefore({ host, backup }: Folder): Promise<ReadonlyMap<StaticPodComponent, string>> {
  const directory = `${backup}/${backupNames.manifests}`
  const found = new Map<StaticPodComponent, string>()
  for (const component of staticPodComponents) {
    const text = await host.readText(`${directory}/${component}.yaml`)
    if (text !== undefined) found.set(component, text)
  }
  return found
}

/** For the snapshot, and of a sole member for the copy. A host without `du` or `df` is taken at its word. */
async function requireRoom({ host, config, backup, isSoleMember }: BackupOptions & { readonly isSoleMember: boolean }): Promise<void> {
  const { etcd } = config.cluster
  if (etcd.kind === 'external') return
  const replaced = [`${backup}/${backupNames.snapshot}`, etcdDataCopy(backup)]
  const { needed, available } = await backupRoom(host, { dataDir: etcd.dataDir, isSoleMember, backup, replaced })
  if (!(available < needed)) return
  const old = await earlierBackups({ host, backup })
  throw new KadmError(
    'FILE_FAILED',
    `"${backup}" has room for ${mebibytes(available)}, and ${isSoleMember ? "a snapshot and a copy of etcd's data take" : "a snapshot of etcd's data takes"} ${mebibytes(needed)}`,
    {
      remedy: [
        `df -h ${await existing(host, backup)}`,
        ...(old.length === 0 ? [] : [`rm -rf ${shellLine(old)}   # what earlier upgrades have kept`]),
      ],
    },
  )
}

/** Folders of other upgrades, kubeadm's too, that no run goes on with. */
async function earlierBackups({ host, backup }: Folder): Promise<readonly string[]> {
  const parent = path.dirname(backup)
  const names = ((await host.list(parent)) ?? []).filter((name) => /^(?:kadm-upgrade|kubeadm-backup-etcd)-/.test(name))
  const folders = names.map((name) => `${parent}/${name}`).filter((folder) => folder !== backup)
  const waiting = await Promise.all(folders.map((folder) => isReplacing({ host, backup: folder })))
  return folders.filter((_, index) => waiting[index] === false).toSorted()
}

async function takeSnapshot(
  options: BackupOptions,
  file: string,
  { say, signal, waiting }: PhaseContext,
): Promise<Awaited<ReturnType<typeof saveSnapshot>>> {
  const { server, credentials } = await ownEtcd(options)
  waiting(`a snapshot of etcd at ${server}`)
  const snapshot = await saveSnapshot(options.host, { server, credentials, file, signal })
  if (snapshot !== undefined)
    say(`[upgrade/etcd] Saved a snapshot of etcd (revision ${snapshot.revision}, ${snapshot.size} bytes, checksum compared) to "${file}"`)
  return snapshot
}

function changedFiles(config: InitConfig): readonly string[] {
  return managedCertificatesOf(config.cluster).flatMap(({ place }) => {
    if (place.kind === 'kubeconfig') return [place.path]
    const { certificate, key } = pairPaths(config.cluster.certificatesDir, place.baseName)
    return [certificate, key]
  })
}

function backupPath({ config, backup }: BackupOptions, file: string): string {
  const { certificatesDir } = config.cluster
  const inside = path.relative(certificatesDir, file)
  return inside.startsWith('..') ? `${backup}/${path.relative(paths.kubernetes, file)}` : `${backup}/pki/${inside}`
}

async function keep(host: Host, file: string, copy: string): Promise<void> {
  const content = (await host.stat(copy)) === undefined ? await host.readFile(file) : undefined
  if (content !== undefined) await host.writeFile(copy, content, { mode: 0o600, directoryMode: 0o700, secret: true })
}
