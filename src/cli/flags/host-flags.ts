/** Flags of every command that works on a host: it may be another one, over SSH. kadm's own. */
import type { Flag } from '../command.ts'

export const hostFlags: readonly Flag[] = [
  {
    name: 'host',
    kind: 'text',
    doc: "Work on this host over SSH, not on this machine: [user@]address[:port], root where no user is given (kadm's own, as are the next six)",
  },
  { name: 'identity-file', kind: 'list', doc: 'With --host: private keys to log in with; default: those of the agent and of ~/.ssh' },
  { name: 'become', kind: 'text', doc: 'With --host: how the user becomes root there: sudo' },
  { name: 'bastion', kind: 'text', doc: 'With --host: the host to go through, [user@]address[:port], root where no user is given' },
  {
    name: 'host-key',
    kind: 'text',
    doc: "With --host: the fingerprint that the host's key must have, SHA256:...; default: what known_hosts says",
  },
  { name: 'known-hosts', kind: 'text', doc: 'With --host: the file of known keys; default ~/.ssh/known_hosts' },
  {
    name: 'trust-on-first-use',
    kind: 'switch',
    default: 'false',
    doc: 'With --host: take the key of a host that is not known, and record it',
  },
]

/** Those of a command that can be given a cluster file instead: of them one is for the hosts of the file too. */
export function hostFlagsBeside(fileFlag: string): readonly Flag[] {
  return hostFlags.map((flag) =>
    flag.name === 'trust-on-first-use' ? { ...flag, doc: flag.doc.replace('With --host:', `With --host or --${fileFlag}:`) } : flag,
  )
}

export const hostFlagNames: ReadonlySet<string> = new Set(hostFlags.map(({ name }) => name))
