/** Takes away what is in a directory, and nothing that is mounted there. Built on commands, so that it works on every `Host`. */
import { KadmError } from '../errors.ts'
import type { Argv, Host } from './host.ts'
import { mountsBelow } from './mounts.ts'

type EmptyingHost = Pick<Host, 'readText' | 'stat' | 'list' | 'query' | 'run' | 'removeFile' | 'removeDirectory' | 'recording'>

export interface EmptyOptions {
  /** Names in the directory that are to go; all when not given. */
  readonly only?: readonly string[]
  /** The run has unmounted everything in it: on a host that only records, the mount table does not know. */
  readonly unmounted?: boolean
}

/**
 * Removes everything in the directory, at any depth; the directory stays. One that is a link is followed, links in it are removed and not
 * followed. What is no directory is left alone. A recording host notes each path. Cut off: a part is still there; run again, it goes on.
 *
 * @returns mount points in it, which are left as they are with the directories above them
 * @throws KadmError FILE_FAILED when something cannot be removed
 */
export async function emptyDirectory(
  host: EmptyingHost,
  directory: string,
  { only, unmounted = false }: EmptyOptions = {},
): Promise<readonly string[]> {
  const real = await realPath(host, directory)
  if (real === undefined || real === '/' || (await host.stat(real))?.kind !== 'directory') return []
  const mounted = await mountsBelow(host, real)
  const freed = unmounted && host.recording !== undefined ? mounted : []
  const mounts = freed.length > 0 ? [] : mounted
  const doomed = (await pathsBeside(host, real, mounts)).filter(
    (path) => only?.includes(path.slice(real.length + 1).split('/')[0] ?? '') !== false,
  )
  for (let start = 0; start < doomed.length; start += mostArguments)
    await removeAll(host, doomed.slice(start, start + mostArguments), freed)
  return mounts
}

/** The path with all links in it followed; `undefined` when there is nothing. */
export async function realPath(host: Pick<Host, 'query'>, path: string): Promise<string | undefined> {
  const { exitCode, stdout } = await host.query(['readlink', '-f', path])
  return exitCode === 0 ? stdout.replace(/\n$/, '') : undefined
}

/** The kernel takes at least 128 KiB of arguments, and a path has up to 4 KiB only in theory. */
const mostArguments = 200

/** What can go as a whole: nothing is mounted in it. */
async function pathsBeside(host: EmptyingHost, directory: string, mounts: readonly string[]): Promise<readonly string[]> {
  const paths: string[] = []
  for (const name of (await host.list(directory)) ?? []) {
    const path = `${directory}/${name}`
    if (mounts.includes(path)) continue
    if (mounts.some((point) => point.startsWith(`${path}/`))) paths.push(...(await pathsBeside(host, path, mounts)))
    else paths.push(path)
  }
  return paths
}

async function removeAll(host: EmptyingHost, paths: readonly string[], freed: readonly string[]): Promise<void> {
  const [first = '', ...rest] = paths
  // `-xdev`: not even when something was mounted in this very moment.
  const tree: Argv = ['find', first, ...rest, '-xdev', '-depth']
  if (host.recording !== undefined) return await noteAll(host, [...tree, '-print0'], freed)
  try {
    await host.run([...tree, '-delete'], { timeout: 300_000 })
  } catch (error) {
    if (!(error instanceof KadmError)) throw error
    const left = (await host.query([...tree, '-print0'])).stdout.split('\0').filter((path) => path !== '')
    if (left.length === 0) return // somebody else was faster
    throw new KadmError('FILE_FAILED', `"${left[0]}" cannot be removed${left.length > 1 ? `, nor ${left.length - 1} others` : ''}`, {
      details: error.details,
      remedy: [`lsattr -d "${left[0]}"; findmnt -T "${left[0]}"`, 'run the same command again: what is removed already is not missed'],
      cause: error,
    })
  }
}

async function noteAll(host: EmptyingHost, tree: Argv, freed: readonly string[]): Promise<void> {
  const found = (await host.query(tree)).stdout.split('\0').filter((path) => path !== '')
  for (const path of found) {
    if (freed.some((point) => path.startsWith(`${point}/`))) continue
    await ((await host.stat(path))?.kind === 'directory' ? host.removeDirectory(path) : host.removeFile(path))
  }
}
