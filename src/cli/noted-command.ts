/** A command on the hosts of a cluster file, with its place in the journal of this machine. */
import { operatorJournal, type BeginCommand, type Hear } from '../fleet/operator-journal.ts'
import { localHost } from '../host/local-host.ts'
import { operatorName } from '../host/who-runs.ts'
import type { CommandInput, Streams } from './command.ts'
import type { FleetOfFile } from './fleet-of-file.ts'

/** To be called before anything is changed on the hosts, and told of what happens on them. Throws JOURNAL_BROKEN, FILE_FAILED. */
export type NoteCommand = (opened: Pick<FleetOfFile, 'file' | 'source'>) => Promise<Hear>

export function noteCommand({ io }: Pick<CommandInput, 'io'>, name: string, begin: BeginCommand): NoteCommand {
  return ({ file, source }) =>
    begin(operatorJournal(localHost(), io.environment, file.name), {
      name,
      clusterFile: source.path,
      owner: operatorName(io.environment),
    })
}

/** Who others see that have to wait: `ann@desk, kadm apply (pid 123)`. */
export function lockOwner(io: Pick<Streams, 'environment'>, command: string): string {
  return `${operatorName(io.environment)}, kadm ${command} (pid ${process.pid})`
}
