/** What is expensive to make for sandboxes and the same each time: kept by content, made once, shared by all. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, chmod, mkdir, readdir, readlink, rename, rm, stat, symlink, utimes } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { KadmError } from '../errors.ts'
import type { Making } from './progress.ts'

export interface CacheEntry {
  readonly kind: 'kubernetes' | 'e2e-kubeadm' | 'images' | 'host-image' | 'image-store'
  readonly name: string
  /** Of everything that the content depends on, see `contentHash`. */
  readonly hash: string
  /** Fills an empty folder. When it throws, nothing of it stays. */
  readonly make: (directory: string) => Promise<void>
}

/** `$KADM_CACHE`, else `$XDG_CACHE_HOME/kadm`, else `~/.cache/kadm`. */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const own = environment['KADM_CACHE']
  if (own !== undefined && own !== '') return path.resolve(own)
  const shared = environment['XDG_CACHE_HOME']
  return path.join(shared !== undefined && path.isAbsolute(shared) ? shared : path.join(homedir(), '.cache'), 'kadm')
}

/** 12 hexadecimal digits of the SHA-256 over the parts, each with its length so that no two lists of parts run together. */
export function contentHash(parts: Iterable<string | Uint8Array>): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part)
  return hash.digest('hex').slice(0, 12)
}

/**
 * The folder `<root>/<kind>/<name>-<hash>`, made when it is not there, and `<root>/<kind>/<name>` as a link to it. It is there whole or not
 * at all, and two processes that want the same one make it once. Throws what `make` throws and the signal's reason.
 */
export async function ensureEntry(
  { kind, name, hash, make }: CacheEntry,
  { say, signal }: Making,
  root = cacheDirectory(),
): Promise<string> {
  const folder = path.join(root, kind)
  const entry = path.join(folder, `${name}-${hash}`)
  if (await exists(entry)) return used(entry, path.join(folder, name))
  await mkdir(folder, { recursive: true })
  await using _lock = await holdFileLock(
    path.join(folder, `.${name}-${hash}.lock`),
    () => say(`another kadm is making ${kind} ${name}: waiting for it`),
    signal,
  )
  if (await exists(entry)) return used(entry, path.join(folder, name))
  const prefix = `.${name}-${hash}.new-`
  // Who holds the lock is the only maker: whatever lies there is left from one that was killed.
  for (const left of await readdir(folder)) if (left.startsWith(prefix)) await rm(path.join(folder, left), { recursive: true, force: true })
  const fresh = path.join(folder, `${prefix}${process.pid}`)
  await mkdir(fresh)
  await chmod(fresh, 0o755) // whatever the umask: it may become the root of a host
  try {
    await make(fresh)
    signal?.throwIfAborted()
    await rename(fresh, entry)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    throw error
  }
  await removeUnused(folder, name)
  return used(entry, path.join(folder, name))
}

/**
 * Waits for the lock on a file (made when it is not there) and holds it until disposed. `onWait` is told when it is not had within half a
 * second. Throws SANDBOX_FAILED and the signal's reason.
 *
 * It is a kernel lock, held by a child (Node has no flock) whose input is a pipe from this process: however this process ends, the pipe
 * closes, the child ends and the lock is free. No stale locks, no ages to guess.
 */
export async function holdFileLock(file: string, onWait: () => void, signal?: AbortSignal): Promise<AsyncDisposable> {
  signal?.throwIfAborted()
  const child = spawn('flock', ['--exclusive', file, 'sh', '-c', 'echo; exec cat'], { stdio: ['pipe', 'pipe', 'ignore'], detached: true })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  child.stdin.on('error', () => undefined)
  const timer = setTimeout(onWait, 500)
  const stop = () => child.pid !== undefined && process.kill(-child.pid, 'SIGTERM')
  signal?.addEventListener('abort', stop, { once: true })
  const held = await new Promise<boolean>((resolve) => {
    child.on('error', () => resolve(false))
    child.on('close', () => resolve(false))
    child.stdout.once('data', () => resolve(true))
  })
  clearTimeout(timer)
  signal?.removeEventListener('abort', stop)
  signal?.throwIfAborted()
  if (!held) throw new KadmError('SANDBOX_FAILED', `the lock "${file}" cannot be taken`, { remedy: [`flock --exclusive ${file} true`] })
  return {
    [Symbol.asyncDispose]: async () => {
      child.stdin.end()
      await ended
    },
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}

/** The link leads to the entry that was asked for last, and the entry's time says when that was. */
async function used(entry: string, link: string): Promise<string> {
  const now = new Date()
  await utimes(entry, now, now)
  const target = await readlink(link).catch(() => undefined)
  if (target !== path.basename(entry)) await pointTo(link, path.basename(entry))
  return entry
}

const thirtyDays = 30 * 24 * 3_600_000

/**
 * Earlier entries of the name take gigabytes. Those that a sandbox may still stand on were asked for when it was made, so only old ones go.
 */
async function removeUnused(folder: string, name: string): Promise<void> {
  for (const other of await readdir(folder)) {
    if (!other.startsWith(`${name}-`) || !/^[0-9a-f]{12}$/.test(other.slice(name.length + 1))) continue
    const { mtimeMs } = await stat(path.join(folder, other))
    if (Date.now() - mtimeMs > thirtyDays) await rm(path.join(folder, other), { recursive: true, force: true })
  }
}

/** A link is replaced in one step, so that whoever follows it finds the old or the new. */
async function pointTo(link: string, target: string): Promise<void> {
  const fresh = `${link}.new-${process.pid}`
  await rm(fresh, { force: true })
  await symlink(target, fresh)
  await rename(fresh, link)
}
