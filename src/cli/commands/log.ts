/** `kadm log`: what kadm did on the hosts of a cluster file. */
import type { Command } from '../command.ts'
import { fleetFlags } from './plan.ts'

export const logCommand: Command = {
  name: 'log',
  summary: 'Say who did what on the hosts of a cluster file, and when, by their journals and that of this machine',
  flags: [...fleetFlags, { name: 'output', short: 'o', kind: 'text', default: 'text', doc: 'text or json' }],
  run: async (input) => (await import('../run/run-log.ts')).runLog(input),
}
