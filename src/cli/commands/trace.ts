/** `kadm trace`: what `--trace` has written. */
import type { Command } from '../command.ts'

export const traceCommand: Command = {
  name: 'trace',
  summary: 'Look at what --trace has written: where the time of a run went',
  commands: [
    {
      name: 'view',
      summary: 'Print the critical path of a trace, and make an HTML page of the whole that needs no network',
      positional: 'FILE',
      maxArguments: 1,
      flags: [{ name: 'output', short: 'o', kind: 'text', doc: 'The page to write; default: FILE with .html in place of .json' }],
      run: async (input) => (await import('../run/run-trace-view.ts')).runTraceView(input),
    },
  ],
}
