/** `kadm undo`: a host as it was before the last run of kadm on it. kadm's own. */
import type { CommandBody } from '../command.ts'
import { hostFlagsBeside } from '../flags/host-flags.ts'
import { runFlags } from '../flags/run-flags.ts'
import { waitLockFlag } from '../wait-for-lock.ts'

export const undoCommand: CommandBody = {
  flags: [
    {
      name: 'file',
      short: 'f',
      kind: 'text',
      doc: 'The cluster file (docs/cluster-file.md): --host is then a name in it, and the Node leaves the cluster too',
    },
    ...hostFlagsBeside('file'),
    { name: 'all', kind: 'switch', default: 'false', doc: 'Every run that the journal of the host knows, not the last one alone' },
    {
      name: 'force',
      kind: 'switch',
      default: 'false',
      doc: 'Put back also what was changed since; leave other nodes without a control plane',
    },
    { name: 'yes', short: 'y', kind: 'switch', default: 'false', doc: 'Do not ask' },
    { name: 'dry-run', kind: 'switch', default: 'false', doc: 'Only say what would be done' },
    waitLockFlag,
    ...runFlags,
  ],
  run: async (input) => (await import('../run/run-undo.ts')).runUndo(input),
}
