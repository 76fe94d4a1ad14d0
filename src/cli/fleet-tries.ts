/** Commands on the hosts of a cluster file: they begin anew when another kadm was waited for. */
import { asCommand } from '../fleet/operator-journal.ts'
import type { CommandInput } from './command.ts'
import { noteCommand, type NoteCommand } from './noted-command.ts'
import { withTrace, type RunTrace } from './open-trace.ts'
import { waitingForLock } from './wait-for-lock.ts'

export interface FleetTry {
  readonly trace: RunTrace | undefined
  /** Milliseconds that another kadm may still be waited for. */
  readonly wait: number
  /** What was seen and agreed to: it is not asked for again when nothing about it has changed while another kadm was waited for. */
  readonly confirmed: Set<string>
  /** All tries are one command in the journal of this machine. */
  readonly note: NoteCommand
}

/** @throws as `waitingForLock`, and as the `note` of a try */
export async function fleetTries(input: CommandInput, name: string, work: (one: FleetTry) => Promise<void>): Promise<void> {
  const confirmed = new Set<string>()
  await withTrace(input, name, (trace) =>
    asCommand((begin) => {
      const note = noteCommand(input, name, begin)
      return waitingForLock(input, (wait) => work({ trace, wait, confirmed, note }))
    }),
  )
}
