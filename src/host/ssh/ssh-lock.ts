/** The lock of a host behind SSH. It ends with the connection; on a line that was made anew the same one is taken over. */
import { randomBytes } from 'node:crypto'
import { describingFileErrors, printedError } from '../file-error.ts'
import type { Host } from '../host.ts'
import { type LockPlace, lockPath, startTimeIn, takeLock } from '../lock.ts'
import { shellLine } from '../shell-quote.ts'
import { nothingThere } from './ssh-prelude.ts'
import type { Ask } from './ssh-shells.ts'

export interface SshLock {
  take(ask: Ask, command: string): Promise<() => Promise<void>>
  /**
   * To be called before anything is asked of the host. When this machine has slept the far end may have given up meanwhile, and somebody
   * else be at work: the line is dropped, and the lock taken again on the next one before anything else.
   */
  wake(): void
  /** On a new line: takes again what was held. Throws RUN_IN_PROGRESS when somebody else was faster. */
  renew(ask: Ask): Promise<void>
}

/**
 * @param on the host, and who is shown to others as the one who works there
 * @param dropLine is called when its holder at the far end has ended without the line: it heard no beat for a minute, as when kadm was
 * stopped. On the next line it is taken again, or somebody else has it.
 */
export function sshLock(on: Pick<Host, 'name' | 'operator'>, dropLine: () => void): SshLock {
  const line = randomBytes(12).toString('hex')
  let held: { readonly command: string; readonly pid: number; readonly giveBack: () => Promise<void> } | undefined
  let beats: NodeJS.Timeout | undefined
  let lastBeat = 0
  const acquire = (ask: Ask, command: string): Promise<NonNullable<typeof held>> =>
    describingFileErrors('take the lock', lockPath, async () => {
      const place = remotePlace(ask, on.name)
      lastBeat = Date.now()
      const pid = Number.parseInt((await ask('k_hold')).stdout.toString('latin1'), 10)
      const startTime = (await place.startTime(pid)) ?? ''
      return { command, pid, giveBack: await takeLock(place, lockPath, { pid, startTime, line, by: on.operator, command }) }
    })
  const beat = async (ask: Ask): Promise<void> => {
    const pid = held?.pid
    const at = Date.now()
    const { code } = await ask(`k_beat ${pid}`)
    if (pid === undefined || pid !== held?.pid) return
    if (code === 0) lastBeat = at
    else dropLine()
  }
  return {
    take: async (ask, command) => {
      held = await acquire(ask, command)
      clearInterval(beats)
      beats = setInterval(() => void beat(ask).catch(() => undefined), betweenBeats).unref()
      return async () => {
        clearInterval(beats)
        const { giveBack } = held ?? {}
        held = undefined
        await giveBack?.()
      }
    },
    wake: () => {
      // By the time of day: timers stand still while the machine sleeps.
      if (held === undefined || Date.now() - lastBeat < longestSilence) return
      lastBeat = Date.now()
      dropLine()
    },
    renew: async (ask) => {
      if (held !== undefined) held = await acquire(ask, held.command)
    },
  }
}

// A third of what the other side waits for.
const betweenBeats = 20_000
/** Milliseconds, of 60_000 that the far end waits: time for what is asked then to get there. */
const longestSilence = 50_000

function remotePlace(ask: Ask, machine: string): LockPlace {
  const printed = async (...words: readonly string[]): Promise<string | undefined> => {
    const { code, stdout } = await ask(shellLine(words))
    return code === 0 ? stdout.toString('utf8') : undefined
  }
  const read = (file: string): Promise<string | undefined> => printed('k_read', file)
  const startTime = async (pid: number): Promise<string | undefined> => startTimeIn((await read(`/proc/${pid}/stat`)) ?? '')
  const inode = async (file: string): Promise<string | undefined> => (await printed('stat', '-c', '%i', '--', file))?.trim()
  const must = async (lines: string): Promise<void> => {
    const { code, stderr } = await ask(lines)
    if (code !== 0 && code !== nothingThere) throw printedError(stderr)
  }
  return {
    machine,
    create: (file, text) => must(`umask 022; cat >${shellLine([file])} <<'END'\n${text}END\numask 077`),
    link: async (file, name) => {
      const { code, stderr } = await ask(shellLine(['ln', '--', file, name]))
      if (code === 0) return inode(file)
      // The words of uutils are others. One that was given back just now is known by those of GNU alone.
      if (stderr.includes('File exists') || (await printed('test', '-e', name)) !== undefined) return undefined
      throw printedError(stderr)
    },
    read,
    inode,
    remove: (file) => must(shellLine(['rm', '-f', '--', file])),
    startTime,
  }
}
