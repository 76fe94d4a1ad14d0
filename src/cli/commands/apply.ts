/** `kadm apply`: bring the hosts of a cluster file to what it says. */
import type { CommandBody } from '../command.ts'
import { runFlags } from '../flags/run-flags.ts'
import { waitLockFlag } from '../wait-for-lock.ts'
import { fleetFlags } from './plan.ts'

export const applyCommand: CommandBody = {
  positional: '[PLAN]',
  maxArguments: 1,
  flags: [
    ...fleetFlags,
    { name: 'yes', short: 'y', kind: 'switch', default: 'false', doc: 'Do not ask' },
    {
      name: 'tokens',
      kind: 'switch',
      default: 'false',
      doc: 'Nodes join with a bootstrap token, as with kubeadm; by default a control plane signs for each node alone',
    },
    waitLockFlag,
    ...runFlags,
  ],
  run: async (input) => (await import('../run/run-apply.ts')).runApply(input),
}
