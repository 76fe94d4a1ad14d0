/** The form of the journal on disk, and how it is read. */
import { isObject } from '../../json.ts'
import { readChain, type Chain } from './hash-chain.ts'
import type { Argv, Host, Owner } from '../host.ts'

/** kadm's own directory, 0700. What lies in it is never journaled itself. */
export const stateDirectory = '/var/lib/kadm'
export const journalFile = `${stateDirectory}/journal.jsonl`
/** What a Pod that kadm starts itself prints, while it lives. */
export const podLogFile = `${stateDirectory}/pod.log`
/** There from before the first change of a whole reset until its end: what it was cut off at is no node any more, whatever lies there. */
export const resetBegunFile = `${stateDirectory}/reset-begun`

export type JournalEntry =
  | {
      readonly kind: 'run-started'
      readonly run: string
      readonly command: string
      readonly fingerprint: string
      readonly version: string
      /** `ann@desk`; not in journals of an older kadm. */
      readonly by?: string
    }
  | { readonly kind: 'phase-started' | 'phase-done'; readonly run: string; readonly phase: string }
  | { readonly kind: 'phase-failed'; readonly run: string; readonly phase: string; readonly message: string }
  | { readonly kind: 'change'; readonly run: string; readonly change: JournaledChange }
  | { readonly kind: 'found'; readonly run: string; readonly folders: FoundFolders }
  | { readonly kind: 'run-finished'; readonly run: string; readonly outcome: 'done' | 'failed' }
  /** `runs`: what the run `run` has put back. They count no more. */
  | { readonly kind: 'undone'; readonly run: string; readonly runs: readonly string[] }

/**
 * By path, what lay in the folders that a kubelet and etcd fill by themselves, before the run changed anything; `null`: there was no such
 * folder.
 */
export type FoundFolders = Readonly<Record<string, readonly string[] | null>>

export type JournaledChange =
  | { readonly kind: 'write-file'; readonly path: string; readonly before: Before; readonly after: After }
  | { readonly kind: 'make-directory'; readonly path: string; readonly before: 'absent'; readonly after: After }
  | { readonly kind: 'remove-file' | 'remove-directory'; readonly path: string; readonly before: Before }
  | { readonly kind: 'change-owner'; readonly path: string; readonly before: Before; readonly owner: Owner }
  | { readonly kind: 'run-command'; readonly argv: Argv }
  | { readonly kind: 'restart-service' | 'stop-service'; readonly service: string; readonly wasActive: boolean }
  | { readonly kind: 'pull-image'; readonly image: string }
  | { readonly kind: 'start-pod'; readonly name: string; readonly path: string }
  | { readonly kind: 'stop-container' | 'stop-pod' | 'remove-pod'; readonly id: string }
  | ({ readonly kind: 'mark-node' } & NodeMarkChange)

/** Labels and taints of the host's Node; `null`: it had none of that key. A taint is told by `key:effect`. */
export interface NodeMarkChange {
  readonly node: string
  readonly labels: Readonly<Record<string, MarkChange>>
  readonly taints: Readonly<Record<string, MarkChange>>
}

export interface MarkChange {
  readonly before: string | null
  readonly after: string
}

/** `backup`: a copy of the file as it was, 0600. */
export type Before = 'absent' | (ContentMark & { readonly mode: number; readonly owner: Owner; readonly backup?: string })

export interface After extends ContentMark {
  readonly mode: number
}

/** What tells whether a file still has that content; both left out where it is not known. */
export interface ContentMark {
  readonly sha256?: string
  /** Of a secret instead: tells nothing to who has the journal alone (`secret-digest.ts`). */
  readonly digest?: string
}

export type JournalRecord = JournalEntry & { readonly previous: string; readonly at: string }

export interface Journal extends Omit<Chain, 'lines'> {
  readonly records: readonly JournalRecord[]
  /** Ids of runs that a newer kadm has written more of than this one can read. */
  readonly beyond: ReadonlySet<string>
}

/** Empty when there is no journal. Throws JOURNAL_BROKEN when a line is not what the next one says that it was. */
export async function readJournal(host: Pick<Host, 'readFile'>): Promise<Journal> {
  const { lines, ...chain } = await readChain(host, journalFile)
  // A newer kadm may know more; what it wrote is part of the chain and otherwise passed over.
  const beyond = new Set(lines.flatMap((line) => (typeof line['run'] === 'string' && !isKnown(line) ? [line['run']] : [])))
  return { ...chain, records: lines.filter(isJournalRecord), beyond }
}

function isKnown({ kind, change }: Readonly<Record<string, unknown>>): boolean {
  return knownKinds.has(kind) && (kind !== 'change' || (isObject(change) && Object.hasOwn(changeKinds, String(change['kind']))))
}

const changeKinds: Readonly<Record<JournaledChange['kind'], true>> = {
  'write-file': true,
  'make-directory': true,
  'remove-file': true,
  'remove-directory': true,
  'change-owner': true,
  'run-command': true,
  'restart-service': true,
  'stop-service': true,
  'pull-image': true,
  'start-pod': true,
  'stop-container': true,
  'stop-pod': true,
  'remove-pod': true,
  'mark-node': true,
}

const knownKinds: ReadonlySet<unknown> = new Set<JournalEntry['kind']>([
  'run-started',
  'phase-started',
  'phase-done',
  'phase-failed',
  'found',
  'change',
  'run-finished',
  'undone',
])

/** Checks what tells one record from the other; that the rest has its form is what the chain vouches for. */
function isJournalRecord(line: Readonly<Record<string, unknown>>): line is Readonly<Record<string, unknown>> & JournalRecord {
  return knownKinds.has(line['kind']) && typeof line['run'] === 'string'
}
