/** `kadm reset` and `kadm reset phase ...`: from flags to a run, and what the user sees of it. */
import { resetPhases } from '../../phases/reset/reset-phases.ts'
import type { CommandBody, CommandInput } from '../command.ts'
import { hostFlagsBeside } from '../flags/host-flags.ts'
import { kubeadmFlags } from '../flags/kubeadm-flags.ts'
import { phasesOf } from '../phase-commands.ts'
import { runFlags } from '../flags/run-flags.ts'
import { waitLockFlag } from '../wait-for-lock.ts'

const flags = kubeadmFlags(
  'cert-dir',
  'cleanup',
  'cleanup-tmp-dir',
  'config',
  'cri-socket',
  'dry-run',
  'force',
  'ignore-preflight-errors',
  'kubeconfig',
  'skip-phases',
)

export const resetCommand: CommandBody = {
  flags: [
    ...flags,
    ...hostFlagsBeside('cluster-file'),
    ...runFlags,
    {
      name: 'cluster-file',
      kind: 'text',
      doc: "Reset every host of this cluster file (docs/cluster-file.md), all at once: the cluster is gone then (kadm's own)",
    },
    {
      ...waitLockFlag,
      doc: "With --cluster-file: how long to wait for another kadm that is working on the cluster or a host; 0: fail at once (kadm's own)",
    },
  ],
  run: async (input) =>
    input.flags.given.has('cluster-file') ? (await import('../run/run-fleet-reset.ts')).runFleetReset(input) : start(input, undefined),
  ...phasesOf('reset', resetPhases, (names, input) => start(input, names)),
}

async function start(input: CommandInput, only: readonly string[] | undefined): Promise<void> {
  const { runReset } = await import('../run/run-reset.ts')
  await runReset(input, only)
}
