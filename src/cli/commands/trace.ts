/** `kadm trace`: what `--trace` has written. */
import type { CommandBody } from '../command.ts'

export const traceCommand: CommandBody = {
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
