/** The lock of a host behind SSH. It ends with the connection; on a line that was made anew the same one is taken over. */
import { randomBytes } from 'node:crypto'
import { describingFileErrors, printedError } from './file-error.ts'
import { type LockPlace, lockPath, startTimeIn, takeLock } from './lock.ts'
import { shellLine } from './shell-quote.ts'
import { nothingThere } from './ssh-prelude.ts'
import type { Ask } from './ssh-shells.ts'

export interface SshLock {
  take(ask: Ask, command: string): Promise<() => Promise<void>>
  /** On a new line: takes again what was held. Throws RUN_IN_PROGRESS when somebody else was faster. */
  renew(ask: Ask): Promise<void>
}

export function sshLock(): SshLock {
  const line = randomBytes(12).toString('hex')
  let held: { readonly command: string; readonly giveBack: () => Promise<void> } | undefined
  let beats: NodeJS.Timeout | undefined
  const acquire = (ask: Ask, command: string): Promise<() => Promise<void>> =>
    describingFileErrors('take the lock', lockPath, () => takeLock(remotePlace(ask, line), lockPath, command))
  return {
    take: async (ask, command) => {
      held = { command, giveBack: await acquire(ask, command) }
      clearInterval(beats)
      beats = setInterval(() => void ask('k_beat').catch(() => undefined), betweenBeats).unref()
      return async () => {
        clearInterval(beats)
        const { giveBack } = held ?? {}
        held = undefined
        await giveBack?.()
      }
    },
    renew: async (ask) => {
      if (held === undefined) return
      const { command } = held
      held = { command, giveBack: await acquire(ask, command) }
    },
  }
}

// A third of what the other side waits for.
const betweenBeats = 20_000

function remotePlace(ask: Ask, line: string): LockPlace {
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
    holder: async () => {
      const pid = Number(await printed('k_hold'))
      return { pid, startTime: (await startTime(pid)) ?? '', line }
    },
    create: (file, text) => must(`umask 022; cat >${shellLine([file])} <<'END'\n${text}END\numask 077`),
    link: async (file, name) => {
      const { code, stderr } = await ask(shellLine(['ln', '--', file, name]))
      if (code === 0) return inode(file)
      if (stderr.includes('File exists')) return undefined
      throw printedError(stderr)
    },
    read,
    inode,
    remove: (file) => must(shellLine(['rm', '-f', '--', file])),
    startTime,
  }
}
