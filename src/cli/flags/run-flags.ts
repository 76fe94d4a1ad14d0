/** Flags of every command that runs phases: how its run can be followed. kadm's own. */
import type { FleetEvent } from '../../fleet/fleet-run.ts'
import { givenOn, type CommandInput, type Flag, type Streams } from '../command.ts'

export const runFlags: readonly Flag[] = [
  {
    name: 'events',
    kind: 'switch',
    default: 'false',
    doc: "What happens as JSON lines on standard output, for programs (kadm's own; docs/events.md)",
  },
  {
    name: 'trace',
    kind: 'text',
    doc: "Write how long everything took to this file, for kadm trace view, Perfetto and chrome://tracing (kadm's own; docs/events.md)",
  },
]

/** `io` for all that is said: with `--events` standard output belongs to them, and the rest goes beside it. */
export function besideEvents({ flags, io }: Pick<CommandInput, 'flags' | 'io'>): { readonly events: boolean; readonly io: Streams } {
  const events = givenOn(flags, 'events')
  return { events, io: events ? { ...io, stdout: io.stderr } : io }
}

/** Tells each of them that is there: the screen, a journal, a trace. */
export function tellAll(...listeners: readonly (((event: FleetEvent) => void) | undefined)[]): (event: FleetEvent) => void {
  return (event) => listeners.forEach((listener) => listener?.(event))
}

export const runFlagNames: ReadonlySet<string> = new Set(runFlags.map(({ name }) => name))
