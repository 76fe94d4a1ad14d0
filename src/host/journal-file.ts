/** The form of the journal on disk, and how it is read. */
import { createHash } from 'node:crypto'
import { KadmError } from '../errors.ts'
import type { Argv, Host, Owner } from './host.ts'

/** kadm's own directory, 0700. What lies in it is never journaled itself. */
export const stateDirectory = '/var/lib/kadm'
export const journalFile = `${stateDirectory}/journal.jsonl`

export type JournalEntry =
  | { readonly kind: 'run-started'; readonly run: string; readonly command: string; readonly fingerprint: string; readonly version: string }
  | { readonly kind: 'phase-started' | 'phase-done'; readonly run: string; readonly phase: string }
  | { readonly kind: 'phase-failed'; readonly run: string; readonly phase: string; readonly message: string }
  | { readonly kind: 'change'; readonly run: string; readonly change: JournaledChange }
  | { readonly kind: 'run-finished'; readonly run: string; readonly outcome: 'done' | 'failed' }

export type JournaledChange =
  | { readonly kind: 'write-file'; readonly path: string; readonly before: Before; readonly after: After }
  | { readonly kind: 'make-directory'; readonly path: string; readonly before: 'absent'; readonly after: After }
  | { readonly kind: 'remove-file' | 'remove-directory'; readonly path: string; readonly before: Before }
  | { readonly kind: 'change-owner'; readonly path: string; readonly before: Before; readonly owner: Owner }
  | { readonly kind: 'run-command'; readonly argv: Argv }
  | { readonly kind: 'restart-service' | 'stop-service'; readonly service: string; readonly wasActive: boolean }
  | { readonly kind: 'pull-image'; readonly image: string }
  | { readonly kind: 'stop-container' | 'stop-pod' | 'remove-pod'; readonly id: string }

/** `backup`: a copy of the file as it was, 0600. `sha256` is left out for secrets. */
export type Before = 'absent' | { readonly mode: number; readonly owner: Owner; readonly sha256?: string; readonly backup?: string }

export interface After {
  readonly mode: number
  readonly sha256?: string
}

export type JournalRecord = JournalEntry & { readonly previous: string; readonly at: string }

export interface Journal {
  readonly records: readonly JournalRecord[]
  /** The complete lines, as they stand in the file. */
  readonly text: string
  /** SHA-256 of the last complete line, hex; empty when there is none. */
  readonly lastHash: string
  /** The last line was cut off. It was never acknowledged, so what it would tell of was not done. */
  readonly torn: boolean
}

/** Empty when there is no journal. Throws JOURNAL_BROKEN when a line is not what the next one says that it was. */
export async function readJournal(host: Pick<Host, 'readFile'>): Promise<Journal> {
  const bytes = (await host.readFile(journalFile)) ?? Buffer.alloc(0)
  // Cut at bytes, not at characters: a tear may go through one.
  const complete = bytes.subarray(0, bytes.lastIndexOf('\n') + 1)
  const text = complete.toString('utf8')
  const records: JournalRecord[] = []
  let lastHash = ''
  for (const [index, line] of text.split('\n').slice(0, -1).entries()) {
    const parsed = parseLine(line)
    if (parsed === undefined || parsed.previous !== lastHash) throw broken(index + 1)
    lastHash = createHash('sha256').update(line).digest('hex')
    if (knownKinds.has(parsed.kind)) records.push(parsed)
  }
  return { records, text, lastHash, torn: complete.length < bytes.length }
}

// A newer kadm may know more; what it wrote is part of the chain and otherwise passed over.
const knownKinds: ReadonlySet<string> = new Set<JournalEntry['kind']>([
  'run-started',
  'phase-started',
  'phase-done',
  'phase-failed',
  'change',
  'run-finished',
])

/** Checks what the chain needs; that the rest has its form is what the chain vouches for. */
function parseLine(line: string): JournalRecord | undefined {
  try {
    const parsed: unknown = JSON.parse(line)
    const isRecord = typeof parsed === 'object' && parsed !== null && 'previous' in parsed && 'kind' in parsed && 'run' in parsed
    return isRecord && typeof parsed.kind === 'string' && typeof parsed.run === 'string' ? (parsed as JournalRecord) : undefined
  } catch {
    return undefined
  }
}

function broken(line: number): KadmError {
  return new KadmError('JOURNAL_BROKEN', `the journal "${journalFile}" was changed or damaged at line ${line}`, {
    remedy: [`mv ${journalFile} ${journalFile}.broken`, 'kadm then starts a new one; what the old one knew is not undone by reset'],
  })
}
