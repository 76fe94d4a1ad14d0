/** One kadm at a time on a machine. */
import { randomBytes } from 'node:crypto'
import { link, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { KadmError } from '../errors.ts'
import { describingFileErrors, systemCode } from './file-error.ts'

/**
 * Takes the lock, or throws RUN_IN_PROGRESS when a living process has it. An owner that is gone (another start time: the pid was given out
 * again) is no obstacle. Resolves to what gives the lock back.
 *
 * Limit: when three processes find the same dead owner within the same instant, two of them may go on.
 */
export async function lockFile(file: string, command: string): Promise<() => Promise<void>> {
  return describingFileErrors('take the lock', file, async () => {
    // Written in full beside it, then linked: nobody sees a lock that does not say whose it is.
    const mine = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`
    await writeOwner(mine, { pid: process.pid, startTime: (await startTimeOf(process.pid)) ?? '', command, since: new Date().toISOString() })
    try {
      for (let attempt = 0; attempt < 10; attempt++) {
        if (await tryLink(mine, file)) return giveBack(file, (await stat(mine)).ino)
        await removeIfDead(file)
      }
    } finally {
      await rm(mine, { force: true })
    }
    throw new KadmError('RUN_IN_PROGRESS', `the lock "${file}" changes hands again and again`, { remedy: ['wait until the other runs of kadm are done'] })
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

async function tryLink(mine: string, file: string): Promise<boolean> {
  try {
    await link(mine, file)
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw error
  }
}

function giveBack(file: string, inode: number): () => Promise<void> {
  return async () => {
    if ((await inodeOf(file)) === inode) await rm(file, { force: true })
  }
}

async function removeIfDead(file: string): Promise<void> {
  const inode = await inodeOf(file)
  const owner = parseOwner(await readFile(file, 'utf8').catch(() => ''))
  if (inode === undefined) return
  if (owner !== undefined && (await startTimeOf(owner.pid)) === owner.startTime) throw inProgress(owner)
  // Moved aside before it is removed: whoever took over in the meantime gets the lock back.
  const aside = `${file}.dead-${randomBytes(4).toString('hex')}`
  await rename(file, aside).catch(() => undefined)
  if (![undefined, inode].includes(await inodeOf(aside))) await tryLink(aside, file)
  await rm(aside, { force: true })
}

function inProgress({ pid, command, since }: LockOwner): KadmError {
  return new KadmError('RUN_IN_PROGRESS', `"${command}" (pid ${pid}) has been working on this host since ${since}`, {
    remedy: ['wait until it is done', `ps -o pid,lstart,args -p ${pid}`],
  })
}

async function inodeOf(file: string): Promise<number | undefined> {
  return stat(file).then(({ ino }) => ino, () => undefined)
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
    if (typeof pid !== 'number' || typeof startTime !== 'string') return undefined
    return { pid, startTime, command: String(command), since: String(since) }
  } catch {
    return undefined
  }
}
