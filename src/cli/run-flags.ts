/** Flags of every command that runs phases: how its run can be followed. kadm's own. */
import type { Flag } from './command.ts'

export const runFlags: readonly Flag[] = [
  { name: 'events', kind: 'switch', default: 'false', doc: "What happens as JSON lines on standard output, for programs (kadm's own; docs/events.md)" },
  { name: 'trace', kind: 'text', doc: "Write how long everything took to this file, for kadm trace view, Perfetto and chrome://tracing (kadm's own; docs/events.md)" },
]

export const runFlagNames: ReadonlySet<string> = new Set(runFlags.map(({ name }) => name))
