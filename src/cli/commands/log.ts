/** `kadm log`: what kadm did on the hosts of a cluster file. */
import type { CommandBody } from '../command.ts'
import { textOrJsonFlag } from '../text/output.ts'
import { fleetFlags } from './plan.ts'

export const logCommand: CommandBody = {
  flags: [...fleetFlags, textOrJsonFlag],
  run: async (input) => (await import('../run/run-log.ts')).runLog(input),
}
