/** `kadm log`: what kadm did on the hosts of a cluster file. */
import type { CommandBody } from '../command.ts'
import { fleetFlags } from './plan.ts'

export const logCommand: CommandBody = {
  flags: [...fleetFlags, { name: 'output', short: 'o', kind: 'text', default: 'text', doc: 'text or json' }],
  run: async (input) => (await import('../run/run-log.ts')).runLog(input),
}
