/** `kadm plan`: what `kadm apply` would do, host by host. */
import type { CommandBody, Flag } from '../command.ts'
import { textOrJsonFlag } from '../text/output.ts'

/** Of every command that works on the hosts of a cluster file. */
export const fleetFlags: readonly Flag[] = [
  { name: 'file', short: 'f', kind: 'text', doc: 'The cluster file (docs/cluster-file.md)' },
  {
    name: 'trust-on-first-use',
    kind: 'switch',
    default: 'false',
    doc: 'Take the key of a host that is not known, and record it in known_hosts',
  },
]

export const planCommand: CommandBody = {
  flags: [
    ...fleetFlags,
    textOrJsonFlag,
    { name: 'out', kind: 'text', doc: 'Keep the plan in this file: kadm apply FILE then does just that, or refuses' },
  ],
  run: async (input) => (await import('../run/run-plan.ts')).runPlan(input),
}
