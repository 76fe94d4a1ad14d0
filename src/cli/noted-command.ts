/** A command on the hosts of a cluster file, with its place in the journal of this machine. */
import type { FleetEvent } from '../fleet/fleet-run.ts'
import { asCommand, operatorJournal } from '../fleet/operator-journal.ts'
import { localHost } from '../host/local-host.ts'
import { operatorName } from '../host/who-runs.ts'
import type { CommandInput, Streams } from './command.ts'
import type { FleetOfFile } from './fleet-of-file.ts'

/** `hear` is to be told of what happens on the hosts. Throws as `asCommand`. */
export async function notedCommand(
  { io }: Pick<CommandInput, 'io'>,
  { name, opened: { file, source } }: { readonly name: string; readonly opened: Pick<FleetOfFile, 'file' | 'source'> },
  work: (hear: (event: FleetEvent) => void) => Promise<void>,
): Promise<void> {
  await asCommand(
    operatorJournal(localHost(), io.environment, file.name),
    { name, clusterFile: source.path, owner: operatorName(io.environment) },
    work,
  )
}

/** Who others see that have to wait: `ann@desk, kadm apply (pid 123)`. */
export function lockOwner(io: Pick<Streams, 'environment'>, command: string): string {
  return `${operatorName(io.environment)}, kadm ${command} (pid ${process.pid})`
}
