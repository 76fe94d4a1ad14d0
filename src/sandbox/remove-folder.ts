/** Taking away folders of gigabytes without waiting for the disk. */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdir, rename } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sandboxesDirectory } from './state.ts'

const prefix = '.removed-'

/**
 * The folder is gone from its place at once. Its content is removed by a process of its own, which is waited for up to 500 ms and goes on
 * after this program has ended. What such a process did not finish, because the machine was switched off, the next call finishes.
 */
export async function removeFolder(folder: string): Promise<void> {
  const root = sandboxesDirectory()
  await rename(folder, path.join(root, `${prefix}${randomUUID()}`)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  const removed = (await readdir(root).catch(() => [])).filter((name) => name.startsWith(prefix)).map((name) => path.join(root, name))
  if (removed.length === 0) return
  const child = spawn('rm', ['-rf', '--one-file-system', ...removed], { detached: true, stdio: 'ignore', cwd: '/' })
  child.unref()
  const ended = new AbortController()
  child.once('exit', () => ended.abort()).once('error', () => ended.abort())
  await sleep(500, undefined, { signal: ended.signal }).catch(() => {})
}
