/** Files that are whole or not there: a temporary file beside the target, fsync, rename, fsync of the directory. */
import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, readdir, readFile, readlink, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { describingFileErrors, systemCode } from './file-error.ts'
import type { WriteOptions } from './host.ts'

/**
 * Writes as `Host.writeFile` promises. Cut off at any instant: the old file or the new one; a temporary file may be left, which the
 * next write of the same name removes.
 */
export async function writeAtomically(file: string, content: string | Uint8Array, options: WriteOptions): Promise<void> {
  await describingFileErrors('write', file, async () => {
    const target = await followLink(file)
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    const found = await lstat(target).catch(undefinedIfMissing)
    // Somebody has laid it there, to have what is written now.
    const before = found !== undefined && (await isPlanted(target, found)) ? undefined : found
    const mode = options.keepMode === true && before !== undefined ? before.mode & 0o7777 : options.mode
    const owner = options.owner ?? (before === undefined ? undefined : { uid: before.uid, gid: before.gid })
    await removeLeftovers(target)
    const settled = before?.isFile() === true && (before.mode & 0o7777) === mode && before.uid === owner?.uid && before.gid === owner.gid
    if (settled && before.size === bytes.length && (await readFile(target)).equals(bytes)) return
    await makeDurableDirectory(path.dirname(target), options.directoryMode ?? 0o755)
    await replace(target, bytes, mode, owner)
  })
}

/** Makes the directory and its missing parents, and makes sure that they outlive a power cut. What is there already is left as it is. */
export async function makeDurableDirectory(dir: string, mode: number): Promise<void> {
  const first = await mkdir(dir, { recursive: true, mode })
  if (first === undefined) return
  const made = [dir]
  for (let at = dir; at !== first && at !== path.dirname(at);) made.push((at = path.dirname(at)))
  // The umask took bits away.
  for (const one of made) await withHandle(one, constants.O_RDONLY | constants.O_DIRECTORY, (handle) => handle.chmod(mode))
  for (const one of made) await syncDirectory(path.dirname(one))
}

/** A change of a directory's entries lasts only when the directory itself has reached the disk. */
export async function syncDirectory(dir: string): Promise<void> {
  await withHandle(dir, constants.O_RDONLY | constants.O_DIRECTORY, (handle) => handle.sync())
}

async function replace(target: string, bytes: Uint8Array, mode: number, owner: WriteOptions['owner']): Promise<void> {
  const ending = `${process.pid}-${await bootMark()}${randomBytes(4).toString('hex')}`
  const temporary = path.join(path.dirname(target), `.${path.basename(target)}.kadm-${ending}`)
  try {
    // Opened narrower than it ends; owner and mode are final before the first byte is in it.
    await withHandle(
      temporary,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      async (handle) => {
        if (owner !== undefined && (owner.uid !== process.geteuid?.() || owner.gid !== process.getegid?.()))
          await handle.chown(owner.uid, owner.gid)
        await handle.chmod(mode)
        await handle.writeFile(bytes)
        await handle.sync()
      },
      mode & 0o600,
    )
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw error
  }
  await syncDirectory(path.dirname(target))
}

async function removeLeftovers(target: string): Promise<void> {
  const dir = path.dirname(target)
  const prefix = `.${path.basename(target)}.kadm-`
  const names = (await readdir(dir).catch(undefinedIfMissing)) ?? []
  for (const name of names) {
    const ending = name.startsWith(prefix) ? /^(\d+)-(?:([0-9a-f]{8}))?[0-9a-f]{8}$/.exec(name.slice(prefix.length)) : null
    if (ending === null) continue
    const isOfThisBoot = ending[2] === (await bootMark())
    if (!isOfThisBoot || (await isLeftover(path.join(dir, name), Number(ending[1])))) await rm(path.join(dir, name), { force: true })
  }
}

let mark: Promise<string> | undefined

/** Of the boot that the machine is in: after a power cut the pid of who was at work is soon another one's. */
async function bootMark(): Promise<string> {
  return (mark ??= readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (id) => id.slice(0, 8),
    () => '0'.repeat(8),
  ))
}

/**
 * Another write may be under way right now; its file is no leftover. Ten minutes is far beyond any write, should the pid have been
 * given out again.
 */
async function isLeftover(file: string, pid: number): Promise<boolean> {
  const found = await lstat(file).catch(undefinedIfMissing)
  if (found === undefined) return false
  const age = Date.now() - found.mtimeMs
  if (pid === process.pid) return age > process.uptime() * 1000 + 1000
  return age > 600_000 || !isAlive(pid)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}

async function followLink(file: string, depth = 0): Promise<string> {
  const found = await lstat(file).catch(undefinedIfMissing)
  if (found?.isSymbolicLink() !== true) return file
  // Linux's own limit.
  if (depth === 40) throw Object.assign(new Error('too many links'), { code: 'ELOOP' })
  if (await isPlanted(file, found)) throw Object.assign(new Error('a link of somebody else'), { code: 'EPLANTED' })
  return followLink(path.resolve(path.dirname(file), await readlink(file)), depth + 1)
}

/**
 * Somebody else's, in a folder where everybody may make files: what the kernel would not follow there is not followed here
 * (fs.protected_symlinks), and lends its owner and mode to nobody.
 */
async function isPlanted(file: string, { uid }: Stats): Promise<boolean> {
  if (uid === process.geteuid?.()) return false
  const folder = await stat(path.dirname(file))
  return (folder.mode & 0o1000) !== 0 && uid !== folder.uid
}

async function withHandle<T>(file: string, flags: number, use: (handle: FileHandle) => Promise<T>, mode?: number): Promise<T> {
  const handle = await open(file, flags, mode)
  try {
    return await use(handle)
  } finally {
    await handle.close()
  }
}

function undefinedIfMissing(error: unknown): undefined {
  if (systemCode(error) !== 'ENOENT') throw error
  return undefined
}
