/** What kadm did on the hosts of a fleet, by the journals that lie on them and on the machine that it was run on. */
import { KadmError, messageOf, withCode } from '../errors.ts'
import { readJournal } from '../host/journal/journal-file.ts'
import { runsOf, type JournaledRun } from '../host/journal/journal-runs.ts'
import { fleetRemedy } from './fleet-remedies.ts'
import { whyUnknown } from './look/host-state.ts'
import type { Place } from './host-flags.ts'
import type { Fleet } from './open-fleet.ts'
import { readOperatorJournal, type OperatorCommand, type OperatorJournal } from './operator-journal.ts'

export interface LoggedRun {
  readonly host: string
  readonly command: string
  /** RFC 3339. */
  readonly startedAt: string
  readonly outcome: JournaledRun['outcome']
  /** Of the kadm that did it. */
  readonly version: string
  /** Who was at work: `ann@desk`; absent where an older kadm has written the journal. */
  readonly by?: string
  readonly phases: number
  readonly changes: number
  /** A later run has put back what it changed. */
  readonly isUndone: boolean
}

export interface FleetLog {
  /** Oldest first. */
  readonly runs: readonly LoggedRun[]
  /** Of the machine that kadm runs on; oldest first. */
  readonly commands: readonly OperatorCommand[]
  /** Hosts that were not reached, and journals whose chain of hashes is broken. */
  readonly problems: readonly LogProblem[]
  /** Journals that end in the middle of a line: as a crash or a full disk leaves them, and as the next run mends them. */
  readonly torn: readonly string[]
}

export interface LogProblem {
  /** With the name of the host, and the code. */
  readonly text: string
  readonly remedy: readonly string[]
}

/** Only reads. `places`: all hosts of the file. */
export async function fleetLog(
  places: readonly Place[],
  { hosts, states }: Pick<Fleet, 'hosts' | 'states'>,
  operator: OperatorJournal,
): Promise<FleetLog> {
  const unreached = [...states].flatMap(([name, state]) =>
    state.kind === 'unreachable' && !hosts.has(name)
      ? [
          {
            text: withCode(`${name} ${whyUnknown(state)}`, state.code),
            remedy: state.remedy.flatMap((line) => fleetRemedy(line, undefined)),
          },
        ]
      : [],
  )
  const found = await Promise.all(
    Array.from(hosts, async ([name, host]) => {
      try {
        const journal = await readJournal(host)
        return { runs: runsOf(journal).map((run) => logged(name, run)), problems: [], torn: journal.torn ? [name] : [] }
      } catch (error) {
        const place = places.find((one) => one.name === name)
        return { runs: [], problems: [unread(name, error, place)], torn: [] }
      }
    }),
  )
  const own = await readOperatorJournal(operator).then(
    ({ commands, torn }) => ({ commands, problems: [], torn: torn ? ['this machine'] : [] }),
    (error: unknown) => ({ commands: [], problems: [unread('this machine', error)], torn: [] }),
  )
  return {
    commands: own.commands,
    runs: found.flatMap(({ runs }) => runs).toSorted((a, b) => a.startedAt.localeCompare(b.startedAt)),
    problems: [...own.problems, ...unreached, ...found.flatMap(({ problems }) => problems)],
    torn: [...own.torn, ...found.flatMap(({ torn }) => torn)],
  }
}

/** @param who on whose disk the journal is */
function unread(who: string, error: unknown, place?: Place): LogProblem {
  const { code, remedy } = error instanceof KadmError ? error : { code: undefined, remedy: [] }
  return { text: withCode(`${who}: ${messageOf(error)}`, code), remedy: remedy.flatMap((line) => fleetRemedy(line, place)) }
}

function logged(host: string, { command, startedAt, outcome, version, by, phasesDone, changes, isUndone }: JournaledRun): LoggedRun {
  return {
    host,
    command,
    startedAt: startedAt.toISOString(),
    outcome,
    version,
    ...(by !== undefined && { by }),
    phases: phasesDone.length,
    changes: changes.length,
    isUndone,
  }
}
