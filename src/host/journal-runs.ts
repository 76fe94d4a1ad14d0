/** What a journal says about runs: which one is not finished, and what kadm made on this host. */
import type { Before, Journal, JournaledChange, JournalRecord } from './journal-file.ts'

export interface JournaledRun {
  readonly id: string
  readonly command: string
  /** Of the run's input: a run with the same one goes on where this one ended. */
  readonly fingerprint: string
  readonly version: string
  readonly startedAt: Date
  readonly outcome: 'done' | 'failed' | 'cut-off'
  /** Full names of the phases that were done. */
  readonly phasesDone: readonly string[]
  readonly changes: readonly JournaledChange[]
}

/** All runs, oldest first. */
export function runsOf(journal: Journal): readonly JournaledRun[] {
  const byRun = Map.groupBy(journal.records, ({ run }) => run)
  return [...byRun.values()].flatMap((records) => {
    const start = records.find((record) => record.kind === 'run-started')
    if (start === undefined) return []
    const { run: id, command, fingerprint, version, at } = start
    return [
      {
        id,
        command,
        fingerprint,
        version,
        startedAt: new Date(at),
        outcome: outcomeOf(records),
        phasesDone: phasesDone(records),
        changes: changesOf(records),
      },
    ]
  })
}

/**
 * The last run if it was cut off or failed, with the changes and done phases of the runs right before it that had the same command
 * and fingerprint
 * and did not finish either: a run may be cut off more than once.
 */
export function unfinishedRun(journal: Journal): JournaledRun | undefined {
  const runs = runsOf(journal)
  const last = runs.at(-1)
  if (last === undefined || last.outcome === 'done') return undefined
  const isSame = (run: JournaledRun): boolean =>
    run.outcome !== 'done' && run.command === last.command && run.fingerprint === last.fingerprint
  const together = runs.slice(runs.findLastIndex((run) => !isSame(run)) + 1)
  return {
    ...last,
    phasesDone: [...new Set(together.flatMap((run) => run.phasesDone))],
    changes: together.flatMap((run) => run.changes),
  }
}

export interface OwnedPath {
  readonly kind: 'file' | 'directory'
  /** What was there before kadm came: `absent` for what kadm made. */
  readonly before: Before
  /** Of what kadm wrote last, hex; `undefined` for secrets and directories. */
  readonly sha256?: string
}

/** Every path that kadm made or changed and has not removed since. `before` is of the first change, which is what undoing goes back to. */
export function ownedPaths(journal: Journal): ReadonlyMap<string, OwnedPath> {
  const owned = new Map<string, OwnedPath>()
  for (const change of changesOf(journal.records)) {
    if (change.kind === 'write-file' || change.kind === 'make-directory') {
      const { sha256 } = change.after
      const before = owned.get(change.path)?.before ?? change.before
      owned.set(change.path, {
        kind: change.kind === 'write-file' ? 'file' : 'directory',
        before,
        ...(sha256 === undefined ? {} : { sha256 }),
      })
    }
    if (change.kind === 'remove-file' || change.kind === 'remove-directory') owned.delete(change.path)
  }
  return owned
}

function outcomeOf(records: readonly JournalRecord[]): JournaledRun['outcome'] {
  return records.findLast((record) => record.kind === 'run-finished')?.outcome ?? 'cut-off'
}

function phasesDone(records: readonly JournalRecord[]): readonly string[] {
  return records.flatMap((record) => (record.kind === 'phase-done' ? [record.phase] : []))
}

function changesOf(records: readonly JournalRecord[]): readonly JournaledChange[] {
  return records.flatMap((record) => (record.kind === 'change' ? [record.change] : []))
}
