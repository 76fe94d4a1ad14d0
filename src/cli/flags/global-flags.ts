import type { Flag } from '../command.ts'

/** Flags of every command. */
export const globalFlags: readonly Flag[] = [
  {
    name: 'v',
    kind: 'number',
    doc: 'from 5 on: where an error comes from (there are no log lines by level: --trace and --events tell of a run)',
    default: '0',
  },
  { name: 'vmodule', kind: 'text', doc: 'accepted for kubeadm; kadm has no log levels by file' },
]

export const globalFlagNames: ReadonlySet<string> = new Set(globalFlags.map(({ name }) => name))
