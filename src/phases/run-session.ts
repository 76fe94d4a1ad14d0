/**
 * One run of a workflow on a host that it changes: the lock, the journal, and what an unfinished run with the same input has left.
 *
 * Nothing is written before the first change: a run that preflight refuses leaves no trace.
 */
import { createHash, randomBytes } from 'node:crypto'
import { kadmVersion } from '../config/own-version.ts'
import type { Host } from '../host/host.ts'
import { readJournal, resetBegunFile, type JournalEntry, type JournaledChange } from '../host/journal/journal-file.ts'
import { isSameKind, unfinishedRun, type JournaledRun } from '../host/journal/journal-runs.ts'
import { openJournal, type JournalWriter } from '../host/journal/journal.ts'
import { journalingHost } from '../host/journal/journaling-host.ts'
import { redact } from '../host/redact.ts'
import { keepRunSecret, removeRunSecrets } from '../host/run-secrets.ts'
import { messageOf } from '../errors.ts'
import { foundFolders } from './undo/kubelet-folders.ts'
import { withoutIdleUndos } from './undo/undo-target.ts'
import type { PhaseEvent } from './phase.ts'

export interface RunInput {
  /** `init`, or `init phase certs/ca`. */
  readonly command: string
  /** Of all that decides what the run does: flags, files, versions. A run with the same one goes on where this one ends. */
  readonly fingerprint: string
  readonly version: string
}

/** @param decisive all that decides what the run does, in an order that stays: the fingerprint is of its JSON */
export function runInput(workflow: string, only: readonly string[] | undefined, decisive: readonly unknown[]): RunInput {
  return {
    command: only === undefined ? workflow : `${workflow} phase ${only.join(' ')}`,
    fingerprint: createHash('sha256').update(JSON.stringify(decisive)).digest('hex'),
    version: kadmVersion,
  }
}

export interface RunSession {
  /** Notes each change in the journal before it is made. */
  readonly host: Host
  /** The run that this one goes on with. */
  readonly resumed: JournaledRun | undefined
  /** A run of the same command with another input, or of another upgrade, that was not finished: what it left may be in the way. */
  readonly unfinished: JournaledRun | undefined
  /** `resumed` or `unfinished`, and with it the unfinished runs of the same kind right before it, whatever their input. */
  readonly leftByAll: JournaledRun | undefined
  /** Did the run that this one goes on with make this file or directory? */
  readonly owns: (path: string) => boolean
  /** What the run makes up or is told and must know again after a kill: kept (0600) until it is finished. */
  readonly secret: (name: string, make: () => string | Promise<string>) => Promise<string>
  readonly report: (event: PhaseEvent) => Promise<void>
  /** A folder that a component is going to fill by itself: what lies in it is noted with the first change, and an undo leaves it. */
  readonly noteFolder: (path: string) => void
  /** Of what is not changed by way of `host`; before it is. */
  readonly note: (change: JournaledChange) => Promise<void>
  readonly finish: (outcome: 'done' | 'failed') => Promise<void>
}

/**
 * Does the work in a session that ends with it; without an input (nothing will be changed) in none. Throws as `openRunSession`.
 */
export async function withRunSession<T>(
  host: Host,
  input: RunInput | undefined,
  work: (session: RunSession | undefined) => Promise<T>,
): Promise<T> {
  const session = input === undefined ? undefined : await openRunSession(host, input)
  let outcome: 'done' | 'failed' = 'failed'
  try {
    const result = await work(session)
    outcome = 'done'
    return result
  } finally {
    await session?.finish(outcome)
  }
}

/** @throws KadmError RUN_IN_PROGRESS when another kadm works on the host, JOURNAL_BROKEN. */
export async function openRunSession(host: Host, { command, fingerprint, version }: RunInput): Promise<RunSession> {
  const unlock = await host.lock(`kadm ${command}`)
  try {
    const before = withoutIdleUndos(await readJournal(host))
    const earlier = unfinishedRun(before)
    const resumed = earlier?.fingerprint === fingerprint && earlier.command === command ? earlier : undefined
    const unfinished = resumed === undefined && earlier !== undefined && isSameKind(earlier.command, command) ? earlier : undefined
    const leftByAll = (resumed ?? unfinished) && unfinishedRun(before, 'kind')
    // A run that was killed right after its end.
    if (earlier === undefined) await removeRunSecrets(host)
    const owned = new Set(resumed?.changes.flatMap((change) => ('path' in change ? [change.path] : [])))
    const made = new Set(
      resumed?.changes.flatMap((change) => (change.kind === 'write-file' && change.before === 'absent' ? [change.path] : [])),
    )
    const run = randomBytes(8).toString('hex')
    const secrets = new Map<string, string>()
    const filled: string[] = []
    const keep = (name: string, value: string): Promise<string> => keepRunSecret(host, { fingerprint, name, make: () => value })
    const journal = journalFromFirstChange(
      host,
      { kind: 'run-started', run, command, fingerprint, version, by: host.operator },
      async () => {
        for (const [name, value] of secrets) await keep(name, value)
        return { kind: 'found', run, folders: await foundFolders(host, filled) }
      },
    )
    return {
      host: journalingHost(host, journal, run, made),
      resumed,
      unfinished,
      leftByAll,
      owns: (path) => owned.has(path),
      secret: async (name, make) => {
        const value = secrets.get(name) ?? (await keepRunSecret({ ...host, recording: lookOnly }, { fingerprint, name, make }))
        secrets.set(name, value)
        return journal.started() ? keep(name, value) : value
      },
      report: journalReport(journal, run),
      noteFolder: (path) => void filled.push(path),
      note: (change) => journal.append({ kind: 'change', run, change }),
      finish: async (outcome) => {
        try {
          // One that found nothing to do has still finished what an earlier one had left.
          const isFinishing = outcome === 'done' && (resumed ?? unfinished) !== undefined
          if (isFinishing) await journal.start()
          if (journal.started()) await journal.append({ kind: 'run-finished', run, outcome })
          if (outcome === 'done') await removeRunSecrets(host)
          // It is a node again: a reset that was cut off before is gone on with no more.
          if (outcome === 'done' && (command === 'init' || command === 'join')) await host.removeFile(resetBegunFile)
        } finally {
          await unlock()
        }
      },
    }
  } catch (error) {
    await unlock()
    throw error
  }
}

// Looks for a kept secret without keeping a new one.
const lookOnly = { wouldWaitFor: () => {} }

/** A journal that is opened with the first change; what is told to it before waits in memory. */
function journalFromFirstChange(
  host: Host,
  start: JournalEntry,
  onStart: () => Promise<JournalEntry>,
): JournalWriter & { readonly started: () => boolean; readonly start: () => Promise<void> } {
  const early: JournalEntry[] = []
  let opening: Promise<JournalWriter> | undefined
  const open = async (): Promise<JournalWriter> => {
    const found = await onStart()
    const journal = await openJournal(host)
    await Promise.all([start, found, ...early].map((entry) => journal.append(entry)))
    return journal
  }
  return {
    started: () => opening !== undefined,
    start: async () => void (await (opening ??= open())),
    append: async (entry) => {
      if (opening === undefined && !isTrace(entry)) return void early.push(entry)
      opening ??= open()
      await (await opening).append(entry)
    },
  }
}

/** Would the host be another one after it? An image that may come is no such thing: preflight, which pulls, may still refuse the run. */
function isTrace(entry: JournalEntry): boolean {
  return entry.kind === 'change' && entry.change.kind !== 'pull-image'
}

/** Tells the journal of the phases of this run. */
export function journalReport(journal: JournalWriter, run: string): (event: PhaseEvent) => Promise<void> {
  return async (event) => {
    const entry = journalEntry(event, run)
    if (entry !== undefined) await journal.append(entry)
  }
}

/** What the journal is told of it; `undefined`: nothing. */
function journalEntry(event: PhaseEvent, run: string): JournalEntry | undefined {
  switch (event.kind) {
    case 'started':
      return { kind: 'phase-started', run, phase: event.phase }
    case 'done':
      return { kind: 'phase-done', run, phase: event.phase }
    case 'failed':
      return { kind: 'phase-failed', run, phase: event.phase, message: redact(messageOf(event.error)) }
    default:
      return undefined
  }
}
