import type { Flag } from './command.ts'

/** Flags of every command. */
export const globalFlags: readonly Flag[] = [
  { name: 'v', kind: 'number', doc: 'number for the log level verbosity', default: '0' },
  { name: 'vmodule', kind: 'text', doc: 'accepted for kubeadm; kadm has no log levels by file' },
]
