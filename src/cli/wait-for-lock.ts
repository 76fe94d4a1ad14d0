/** `--wait-lock`: who comes second waits for who is at work, and then looks again: a plan of before is of no use. */
import { formatDuration, parseDuration } from '../config/durations.ts'
import { KadmError, hasCode } from '../errors.ts'
import { pauseFor } from '../host/wait.ts'
import { printableLine } from '../progress/printable.ts'
import type { CommandInput, Flag } from './command.ts'

export const waitLockFlag: Flag = {
  name: 'wait-lock',
  kind: 'text',
  default: '5m',
  doc: 'How long to wait for another kadm that is working on the cluster or the host; 0: fail at once',
}

/**
 * Does the work again from its beginning as long as it finds somebody else at work. `left`: milliseconds of the wait that are left.
 * @throws USAGE; RUN_IN_PROGRESS when the time is up; else what the work throws
 */
export async function waitingForLock({ flags, io, signal }: CommandInput, work: (left: number) => Promise<void>): Promise<void> {
  const text = flags.text('wait-lock') ?? ''
  const wait = text === '0' ? 0 : parseDuration(text)
  if (wait === undefined || wait < 0)
    throw new KadmError('USAGE', `--wait-lock: "${text}" is not a time such as 90s or 5m`, { remedy: ['--wait-lock 5m'] })
  const end = performance.now() + wait
  let told: string | undefined
  for (let pause = 250; ; pause = Math.min(pause * 1.5, 3000)) {
    try {
      return await work(Math.max(0, end - performance.now()))
    } catch (error) {
      const left = end - performance.now()
      if (!hasCode(error, 'RUN_IN_PROGRESS') || left <= 0) throw error
      if (told !== error.message)
        io.stderr.write(
          `${printableLine(error.message)}: waiting for it, up to ${formatDuration(Math.ceil(left / 1000) * 1000)} (--wait-lock)\n`,
        )
      told = error.message
      await pauseFor(Math.min(pause, left), signal)
    }
  }
}
