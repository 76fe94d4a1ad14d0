/** How much an upgrade of etcd writes into its folder, and how much room there is: for the upgrade itself and for its rehearsal. */
import path from 'node:path/posix'
import { realPath } from '../../host/empty-directory.ts'
import type { CommandResult, Host } from '../../host/host.ts'

export interface BackupRoomOptions {
  /** etcd's, as its manifest names it. */
  readonly dataDir: string
  /** Its data is going to be copied too, beside the snapshot. */
  readonly isSoleMember: boolean
  /** The folder; it need not be there. */
  readonly backup: string
  /** Paths in it whose content is written anew, and removed before that. */
  readonly replaced: readonly string[]
}

/** KiB; NaN where the host has no `du` or `df` that tells. */
export interface BackupRoom {
  readonly data: number
  readonly needed: number
  readonly available: number
}

export async function backupRoom(
  host: Pick<Host, 'query' | 'stat'>,
  { dataDir, isSoleMember, backup, replaced }: BackupRoomOptions,
): Promise<BackupRoom> {
  const [data, fileSystem, ...there] = await Promise.all([
    realPath(host, dataDir).then((real) => used(host, real ?? dataDir)),
    existing(host, backup).then((folder) => fileSystemAt(host, folder)),
    ...replaced.map((file) => used(host, file)),
  ])
  // What an earlier attempt of the same run has left is freed again.
  const freed = there.reduce((sum, size) => sum + (size || 0), 0)
  return { data, needed: Math.max(0, (isSoleMember ? 2 : 1) * data - freed), available: fileSystem.free }
}

/** The folder itself, or the nearest above it that is there. */
export async function existing(host: Pick<Host, 'stat'>, folder: string): Promise<string> {
  return folder === '/' || (await host.stat(folder)) !== undefined ? folder : existing(host, path.dirname(folder))
}

async function used(host: Pick<Host, 'query'>, file: string): Promise<number> {
  const { stdout } = await host.query(['du', '-sk', '--', file])
  return Number.parseInt(stdout, 10)
}

/** KiB; NaN where `df` does not tell. */
export interface FileSystem {
  readonly size: number
  readonly free: number
  readonly answer: CommandResult
}

/** The one that the folder is in. */
export async function fileSystemAt(host: Pick<Host, 'query'>, folder: string): Promise<FileSystem> {
  const answer = await host.query(['df', '-Pk', '--', folder])
  const [, size, , free] = answer.stdout.trim().split('\n').at(-1)?.split(/\s+/) ?? []
  return { size: Number(size), free: Number(free), answer }
}

/** @param size KiB */
export function mebibytes(size: number): string {
  return `${Math.round(size / 1024)} MiB`
}
