/** One kadm at a time on a machine. */
import { randomBytes } from 'node:crypto'
import { link, open, readFile, rm, stat } from 'node:fs/promises'
import { KadmError } from '../errors.ts'
import { describingFileErrors, systemCode } from './file-error.ts'

/**
 * Takes the lock, or throws RUN_IN_PROGRESS when a living process has it. An owner that is gone (another start time: the pid was given out
 * again) is no obstacle. Resolves to what gives the lock back.
 */
export async function lockFile(file: string, command: string): Promise<() => Promise<void>> {
  return describingFileErrors('take the lock', file, async () => {
    // Written in full beside it, then linked: nobody sees a lock that does not say whose it is.
    const mine = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`
    await writeOwner(mine, {
      pid: process.pid,
      startTime: (await startTimeOf(process.pid)) ?? '',
      command,
      since: new Date().toISOString(),
    })
    try {
      return await acquire(file, mine)
    } finally {
      await rm(mine, { force: true })
    }
  })
}

interface LockOwner {
  readonly pid: number
  /** Clock ticks after boot, as /proc/<pid>/stat has it. */
  readonly startTime: string
  readonly command: string
  readonly since: string
}

async function writeOwner(file: string, owner: LockOwner): Promise<void> {
  const handle = await open(file, 'wx', 0o644)
  try {
    await handle.writeFile(`${JSON.stringify(owner)}\n`)
  } finally {
    await handle.close()
  }
}

async function acquire(file: string, mine: string): Promise<() => Promise<void>> {
  for (;;) {
    const inode = await tryLink(mine, file)
    if (inode !== undefined) return () => giveBack(file, inode)
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text === undefined) continue // given back just now
    const owner = parseOwner(text)
    if (owner !== undefined && (await startTimeOf(owner.pid)) === owner.startTime) throw inProgress(owner)
    await removeDead(file, mine, text)
  }
}

/**
 * Only who holds the claim on this one dead lock may remove it, and only if it is still there then. Without that, two that found the same
 * dead lock could each remove what the other has just taken. A claim is a lock as well: its owner may have died, too.
 */
async function removeDead(file: string, mine: string, text: string): Promise<void> {
  const { pid = 0, startTime = '0' } = parseOwner(text) ?? {}
  const giveBackClaim = await acquire(`${file}.after-${pid}-${startTime}`, mine)
  try {
    if ((await readFile(file, 'utf8').catch(() => undefined)) === text) await rm(file)
  } finally {
    await giveBackClaim()
  }
}

/** The inode of the lock that is now ours, or `undefined` when there is one already. */
async function tryLink(mine: string, file: string): Promise<number | undefined> {
  try {
    await link(mine, file)
    return (await stat(mine)).ino
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return undefined
    throw error
  }
}

async function giveBack(file: string, inode: number): Promise<void> {
  const found = await stat(file).catch(() => undefined)
  if (found?.ino === inode) await rm(file, { force: true })
}

function inProgress({ pid, command, since }: LockOwner): KadmError {
  return new KadmError('RUN_IN_PROGRESS', `"${command}" (pid ${pid}) has been working on this host since ${since}`, {
    remedy: ['wait until it is done', `ps -o pid,lstart,args -p ${pid}`],
  })
}

/** `undefined` when there is no such process, or only its zombie. */
async function startTimeOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The name in parentheses may hold anything; after it come the state and, 19 further on, the start time (proc(5): fields 3 and 22).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
}

function parseOwner(text: string): LockOwner | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== 'object' || parsed === null) return undefined
    const { pid, startTime, command, since } = parsed as Partial<Record<keyof LockOwner, unknown>>
    if (typeof pid !== 'number' || typeof startTime !== 'string' || !/^\d+$/.test(startTime)) return undefined
    return { pid, startTime, command: String(command), since: String(since) }
  } catch {
    return undefined
  }
}
