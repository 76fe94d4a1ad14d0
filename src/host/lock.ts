/** One kadm at a time on a machine. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { KadmError } from '../errors.ts'
import { isObject, parseJson } from '../json.ts'

/** Where a lock lies: files and processes of one machine. */
export interface LockPlace {
  /** Name of the machine, where it is not the user's own. */
  readonly machine?: string
  /**
   * Milliseconds after which a lock counts as dead whose owner cannot be looked for here: others share the folder from machines or containers
   * of their own, and hold it for a moment. Absent: all who may have it are processes of one machine.
   */
  readonly patience?: number
  /** A new file; throws when there is one. */
  create(file: string, text: string): Promise<void>
  /** The inode of the file, which now has the other name too; `undefined` when there is one of that name. */
  link(file: string, name: string): Promise<string | undefined>
  read(file: string): Promise<string | undefined>
  inode(file: string): Promise<string | undefined>
  remove(file: string): Promise<void>
  /** Clock ticks after boot, as /proc/<pid>/stat has it; `undefined` when there is no such process, or only its zombie. */
  startTime(pid: number): Promise<string | undefined>
}

/** The process whose end gives the lock back. */
export interface LockHolder {
  readonly pid: number
  readonly startTime: string
  /** Of a folder that is shared: the boot and the namespace of processes that the pid is of. */
  readonly at?: string
  /** Of a holder on another machine: who has this one already holds the lock, on a line that broke. */
  readonly line?: string
  /** Of a holder on another machine: who that is, `ann@desk`. */
  readonly by?: string
}

// On a temporary file system by the standard, so that no lock outlives a reboot.
export const lockPath = '/run/kadm.lock'

/**
 * Takes the lock, or throws RUN_IN_PROGRESS when a living process has it. An owner that is gone (another start time: the pid was given out
 * again) is no obstacle. Resolves to what gives the lock back.
 */
export async function takeLock(
  place: LockPlace,
  file: string,
  holder: LockHolder & { readonly command: string },
): Promise<() => Promise<void>> {
  // Written in full beside it, then linked: nobody sees a lock that does not say whose it is.
  const mine = `${file}.${holder.pid}-${randomBytes(4).toString('hex')}`
  const owner: LockOwner = { ...holder, since: new Date().toISOString() }
  try {
    await place.create(mine, `${JSON.stringify(owner)}\n`)
    return await acquire(place, file, { mine, line: holder.line, at: holder.at })
  } finally {
    await place.remove(mine)
  }
}

/**
 * The start time in the text of /proc/<pid>/stat. The name in parentheses may hold anything; after it come the state and, 19 further on,
 * the start time (proc(5)).
 */
export function startTimeIn(text: string): string | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
}

interface LockOwner extends LockHolder {
  readonly command: string
  readonly since: string
}

interface Taker {
  readonly mine: string
  readonly line: string | undefined
  readonly at: string | undefined
}

async function acquire(place: LockPlace, file: string, taker: Taker): Promise<() => Promise<void>> {
  for (;;) {
    const inode = await place.link(taker.mine, file)
    if (inode !== undefined) return () => giveBack(place, file, inode)
    const text = await place.read(file)
    if (text === undefined) continue // given back just now
    const owner = parseOwner(text)
    const isOurs = owner?.line !== undefined && owner.line === taker.line
    // An older kadm does not say where it is.
    const mayBeHere = owner?.at === undefined || owner.at === taker.at
    if (!isOurs && mayBeHere && owner !== undefined && (await place.startTime(owner.pid)) === owner.startTime)
      throw inProgress(owner, place.machine)
    if (owner !== undefined && owner.at !== taker.at && (await isGivenBack(place, file, text))) continue
    await removeDead(place, file, { ...taker, text })
  }
}

/**
 * Only who holds the claim on this one dead lock may remove it, and only if it is still there then. Without that, two that found the same
 * dead lock could each remove what the other has just taken. A claim is a lock as well: its owner may have died, too.
 */
async function removeDead(place: LockPlace, file: string, { text, ...taker }: Taker & { readonly text: string }): Promise<void> {
  const { pid = 0, startTime = '0' } = parseOwner(text) ?? {}
  const giveBackClaim = await acquire(place, `${file}.after-${pid}-${startTime}`, taker)
  try {
    if ((await place.read(file)) === text) await place.remove(file)
  } finally {
    await giveBackClaim()
  }
}

/** Watched by a clock of this machine: those of others may differ. */
async function isGivenBack(place: LockPlace, file: string, text: string): Promise<boolean> {
  for (const end = performance.now() + (place.patience ?? 0); performance.now() < end; await sleep(50))
    if ((await place.read(file)) !== text) return true
  return false
}

async function giveBack(place: LockPlace, file: string, inode: string): Promise<void> {
  if ((await place.inode(file)) === inode) await place.remove(file)
}

function inProgress({ pid, command, by, since }: LockOwner, machine: string | undefined): KadmError {
  const who = `"${command}"${by === undefined ? '' : ` of ${by}`} (pid ${pid})`
  return new KadmError('RUN_IN_PROGRESS', `${who} has been working on this host since ${since}`, {
    remedy: ['wait until it is done', `ps -o pid,lstart,args -p ${pid}${machine === undefined ? '' : `   # on ${machine}`}`],
  })
}

function parseOwner(text: string): LockOwner | undefined {
  const parsed = parseJson(text)
  if (!isObject(parsed)) return undefined
  const { pid, startTime, command, since, at, line, by }: Partial<Record<keyof LockOwner, unknown>> = parsed
  if (typeof pid !== 'number' || typeof startTime !== 'string' || !/^\d+$/.test(startTime)) return undefined
  return {
    pid,
    startTime,
    command: String(command),
    since: String(since),
    ...(typeof at === 'string' && { at }),
    ...(typeof line === 'string' && { line }),
    ...(typeof by === 'string' && { by }),
  }
}
