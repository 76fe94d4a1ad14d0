/** The files of this machine, as the `Host` door promises them. */
import { chown, lchown, lstat, open, readdir, readFile, rm, rmdir } from 'node:fs/promises'
import path from 'node:path'
import type { Stats } from 'node:fs'
import { makeDurableDirectory, syncDirectory, writeAtomically } from './atomic-write.ts'
import { describingFileErrors, systemCode } from './file-error.ts'
import type { FileStat, Host } from './host.ts'

export type Files = Pick<
  Host,
  | 'readFile'
  | 'readText'
  | 'stat'
  | 'list'
  | 'writeFile'
  | 'makeDirectory'
  | 'appendFile'
  | 'removeFile'
  | 'removeDirectory'
  | 'changeOwner'
>

export function localFiles(): Files {
  const readBytes = (file: string): Promise<Buffer | undefined> => describingFileErrors('read', file, () => unlessMissing(readFile(file)))
  return {
    readFile: readBytes,
    readText: async (file) => (await readBytes(file))?.toString('utf8'),
    stat: (file) =>
      describingFileErrors('look at', file, async () => {
        const found = await unlessMissing(lstat(file))
        return found === undefined ? undefined : fileStat(found)
      }),
    list: (dir) => describingFileErrors('list', dir, async () => (await unlessMissing(readdir(dir)))?.sort()),
    writeFile: writeAtomically,
    makeDirectory: (dir, mode) => describingFileErrors('make the directory', dir, () => makeDurableDirectory(dir, mode)),
    removeFile: (file) =>
      describingFileErrors('remove', file, async () => {
        if ((await unlessMissing(lstat(file))) === undefined) return
        await rm(file, { force: true })
        await syncDirectory(path.dirname(file))
      }),
    appendFile: (file, content, mode) => describingFileErrors('append to', file, () => appendDurably(file, content, mode)),
    removeDirectory: (dir) =>
      describingFileErrors('remove the directory', dir, async () => {
        const removed = await rmdir(dir).then(
          () => true,
          (error: unknown) => {
            if (['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST', 'EBUSY'].includes(systemCode(error) ?? '')) return false
            throw error
          },
        )
        if (removed) await syncDirectory(path.dirname(dir))
      }),
    changeOwner: (file, { uid, gid }) =>
      describingFileErrors('change the owner of', file, async () => {
        const isLink = (await lstat(file)).isSymbolicLink()
        await (isLink ? lchown(file, uid, gid) : chown(file, uid, gid))
      }),
  }
}

/** Of the file that is opened now: what a network file system knows of its name may be some seconds old. NaN, which equals nothing, for none. */
export async function sizeOf(file: string): Promise<number> {
  const handle = await open(file).catch(() => undefined)
  try {
    return (await handle?.stat())?.size ?? NaN
  } finally {
    await handle?.close()
  }
}

async function appendDurably(file: string, content: string | Uint8Array, mode: number): Promise<void> {
  await makeDurableDirectory(path.dirname(file), 0o700)
  const handle = await open(file, 'a', mode & 0o600)
  try {
    const isNew = (await handle.stat()).size === 0
    if (isNew) await handle.chmod(mode)
    await handle.writeFile(content)
    await handle.sync()
    if (isNew) await syncDirectory(path.dirname(file))
  } finally {
    await handle.close()
  }
}

function fileStat(found: Stats): FileStat {
  const kind = found.isFile() ? 'file' : found.isDirectory() ? 'directory' : found.isSymbolicLink() ? 'link' : 'other'
  return { kind, mode: found.mode & 0o7777, owner: { uid: found.uid, gid: found.gid }, size: found.size }
}

async function unlessMissing<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result
  } catch (error) {
    // ENOTDIR: a part of the path is a file, so there is nothing of this name either.
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined
    throw error
  }
}
