/** What kadm did on the hosts of a fleet, by the journals that lie on them. */
import { messageOf } from '../errors.ts'
import { readJournal } from '../host/journal-file.ts'
import { runsOf, type JournaledRun } from '../host/journal-runs.ts'
import type { Fleet } from './open-fleet.ts'

export interface LoggedRun {
  readonly host: string
  readonly command: string
  /** RFC 3339. */
  readonly startedAt: string
  readonly outcome: JournaledRun['outcome']
  /** Of the kadm that did it. */
  readonly version: string
  readonly phases: number
  readonly changes: number
}

export interface FleetLog {
  /** Oldest first. */
  readonly runs: readonly LoggedRun[]
  /** Hosts that were not reached, and journals whose chain of hashes is broken. */
  readonly problems: readonly string[]
}

/** Only reads. */
export async function fleetLog({ hosts, states }: Pick<Fleet, 'hosts' | 'states'>): Promise<FleetLog> {
  const unreached = [...states].flatMap(([name, state]) => (state.kind === 'unreachable' ? [`${name} cannot be reached: ${state.why}`] : []))
  const found = await Promise.all(
    Array.from(hosts, async ([name, host]) => {
      try {
        return { runs: runsOf(await readJournal(host)).map((run) => logged(name, run)), problems: [] }
      } catch (error) {
        return { runs: [], problems: [`${name}: ${messageOf(error)}`] }
      }
    }),
  )
  return {
    runs: found.flatMap(({ runs }) => runs).toSorted((a, b) => a.startedAt.localeCompare(b.startedAt)),
    problems: [...unreached, ...found.flatMap(({ problems }) => problems)],
  }
}

function logged(host: string, { command, startedAt, outcome, version, phasesDone, changes }: JournaledRun): LoggedRun {
  return { host, command, startedAt: startedAt.toISOString(), outcome, version, phases: phasesDone.length, changes: changes.length }
}
