/** What a journal says about runs: what they changed, and which one is not finished. */
import type { FoundFolders, Journal, JournaledChange, JournalRecord } from './journal-file.ts'

export interface JournaledRun {
  readonly id: string
  readonly command: string
  /** Of the run's input: a run with the same one goes on where this one ended. */
  readonly fingerprint: string
  readonly version: string
  /** Whose it was: `ann@desk`, where the journal says it. */
  readonly by?: string
  readonly startedAt: Date
  readonly outcome: 'done' | 'failed' | 'cut-off'
  /** Full names of the phases that were started, and of those that were done. */
  readonly phasesStarted: readonly string[]
  readonly phasesDone: readonly string[]
  readonly changes: readonly JournaledChange[]
  readonly found: FoundFolders
  /** A later run has put back what it changed. */
  readonly isUndone: boolean
}

/** All runs, oldest first. */
export function runsOf(journal: Journal): readonly JournaledRun[] {
  const byRun = Map.groupBy(journal.records, ({ run }) => run)
  const undone = new Set(journal.records.flatMap((record) => (record.kind === 'undone' ? record.runs : [])))
  return [...byRun.values()].flatMap((records) => {
    const start = records.find((record) => record.kind === 'run-started')
    if (start === undefined) return []
    const { run: id, command, fingerprint, version, by, at } = start
    return [
      {
        id,
        command,
        fingerprint,
        version,
        ...(typeof by === 'string' && { by }),
        startedAt: new Date(at),
        outcome: outcomeOf(records),
        phasesStarted: phasesOf('phase-started', records),
        phasesDone: phasesOf('phase-done', records),
        changes: records.flatMap((record) => (record.kind === 'change' ? [record.change] : [])),
        found: records.find((record) => record.kind === 'found')?.folders ?? {},
        isUndone: undone.has(id),
      },
    ]
  })
}

/**
 * The last run if it was cut off or failed, with the changes and phases of the runs right before it that had the same command and
 * fingerprint and did not finish either: a run may be cut off more than once. By `kind`: whatever their fingerprints, since what they have
 * left on the host is still there.
 */
export function unfinishedRun(journal: Journal, by: 'input' | 'kind' = 'input'): JournaledRun | undefined {
  const runs = runsOf(journal)
  const last = runs.at(-1)
  if (last === undefined || last.outcome === 'done') return undefined
  const isSame = ({ command, fingerprint }: JournaledRun): boolean =>
    by === 'kind' ? isSameKind(command, last.command) : command === last.command && fingerprint === last.fingerprint
  const together = runs.slice(runs.findLastIndex((run) => run.outcome === 'done' || !isSame(run)) + 1)
  return {
    ...last,
    phasesStarted: [...new Set(together.flatMap((run) => run.phasesStarted))],
    phasesDone: [...new Set(together.flatMap((run) => run.phasesDone))],
    changes: together.flatMap((run) => run.changes),
  }
}

/** Of upgrades one takes up what another has left: the phase of a node, what the whole was cut off at. */
export function isSameKind(one: string, other: string): boolean {
  return one === other || [one, other].every((command) => command.startsWith('upgrade '))
}

function outcomeOf(records: readonly JournalRecord[]): JournaledRun['outcome'] {
  return records.findLast((record) => record.kind === 'run-finished')?.outcome ?? 'cut-off'
}

function phasesOf(kind: 'phase-started' | 'phase-done', records: readonly JournalRecord[]): readonly string[] {
  return records.flatMap((record) => (record.kind === kind ? [record.phase] : []))
}
