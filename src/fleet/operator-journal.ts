/**
 * The journal of the machine that kadm is run on: who did what to which host of a cluster, and when. A file a cluster, of the same form as
 * those of hosts: lines that hold each other's hashes, 0600, on the disk before they count. No secret is in it.
 */
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { kadmVersion } from '../config/own-version.ts'
import { KadmError, hasCode, messageOf } from '../errors.ts'
import { systemCode } from '../host/file-error.ts'
import { readChain } from '../host/journal/hash-chain.ts'
import type { Host } from '../host/host.ts'
import { homeDirectory } from '../host/home-directory.ts'
import { openChain, type ChainWriter } from '../host/journal/journal.ts'
import { sizeOf } from '../host/local-files.ts'
import { lockSharedFile } from '../host/local-lock.ts'
import { redact } from '../host/redact.ts'
import { shellQuote } from '../host/shell-quote.ts'
import type { FleetEvent } from './fleet-run.ts'

export interface OperatorJournal {
  /** Of the machine that kadm runs on. */
  readonly host: Host
  readonly file: string
}

export interface CommandWords {
  /** `apply`, `undo`, `reset`. */
  readonly name: string
  /** Path of the cluster file. */
  readonly clusterFile: string
  /** `ann@desk`. */
  readonly owner: string
}

export type OperatorEntry =
  | ({ readonly kind: 'command-started'; readonly command: string; readonly version: string } & CommandWords)
  | {
      readonly kind: 'action'
      readonly command: string
      readonly host: string
      readonly action: string
      readonly state: 'started' | 'done' | 'failed'
      readonly message?: string
    }
  /** `refused`: another kadm was at work, nothing was done. */
  | { readonly kind: 'command-finished'; readonly command: string; readonly outcome: 'done' | 'failed' | 'refused' }

/** `$XDG_STATE_HOME/kadm/<cluster>/journal.jsonl`, by default in `~/.local/state`. */
export function operatorJournal(host: Host, environment: Readonly<Record<string, string | undefined>>, cluster: string): OperatorJournal {
  const { XDG_STATE_HOME: state = '' } = environment
  // By the XDG specification a path that is not absolute is none.
  const folder = path.isAbsolute(state) ? state : path.join(homeDirectory(environment), '.local/state')
  return { host, file: path.join(folder, 'kadm', cluster, 'journal.jsonl') }
}

/** Is told of what happens on the hosts. */
export type Hear = (event: FleetEvent) => void

/** Writes the first time that a command has begun, with whose words; nothing is to be done before that. */
export type BeginCommand = (journal: OperatorJournal, words: CommandWords) => Promise<Hear>

/**
 * Does the work as one command of the journal, be it that it begins anew after another kadm was waited for. Where it does not begin a command
 * nothing is written.
 * @throws what the work throws; `begin`: JOURNAL_BROKEN, FILE_FAILED
 */
export async function asCommand(work: (begin: BeginCommand) => Promise<void>): Promise<void> {
  const command = randomBytes(8).toString('hex')
  let write: Writer | undefined
  const begin: BeginCommand = async (journal, words) => {
    const own = write ?? writerOf(journal)
    if (write === undefined) await own({ kind: 'command-started', command, version: kadmVersion, ...words })
    write = own
    // What cannot be written shows at the end: the hosts are in the middle of it.
    return (event) => void own(...actionOf(command, event)).catch(() => undefined)
  }
  const finish = async (outcome: 'done' | 'failed' | 'refused'): Promise<void> => {
    await write?.({ kind: 'command-finished', command, outcome })
  }
  try {
    await work(begin)
  } catch (error) {
    // What happened on the hosts says more than what happened to this file.
    await finish(hasCode(error, 'RUN_IN_PROGRESS') ? 'refused' : 'failed').catch(() => undefined)
    throw error
  }
  await finish('done')
}

type Writer = (...entries: readonly OperatorEntry[]) => Promise<void>

/** What cannot be written is tried again with the next entries; where it never can, the first reason is the one to tell. */
function writerOf(journal: OperatorJournal): Writer {
  const waiting: OperatorEntry[] = []
  let writing: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined
  let failure: { readonly error: unknown } | undefined
  let left: LeftChain | undefined
  const writeAll = async (): Promise<void> => {
    next = undefined
    const entries = [...waiting]
    const before = left
    left = undefined
    try {
      left = await ofOwnFile(journal.file, () => append(journal, entries, before))
      waiting.splice(0, entries.length)
      failure = undefined
    } catch (error) {
      failure ??= { error }
      throw failure.error
    }
  }
  return (...entries) => {
    waiting.push(...entries)
    // One for all that come while another is under way: each may wait for a lock.
    return (next ??= writing = writing.catch(() => undefined).then(writeAll))
  }
}

export interface OperatorCommand extends CommandWords {
  /** RFC 3339. */
  readonly startedAt: string
  readonly version: string
  readonly outcome: 'done' | 'failed' | 'refused' | 'cut-off'
  /** How each action ended; `started`: nobody knows. */
  readonly actions: readonly { readonly host: string; readonly action: string; readonly state: 'started' | 'done' | 'failed' }[]
}

/** Oldest first. `torn`: the last line was cut off. Throws JOURNAL_BROKEN. */
export async function readOperatorJournal({
  host,
  file,
}: OperatorJournal): Promise<{ readonly commands: readonly OperatorCommand[]; readonly torn: boolean }> {
  const { lines, torn } = await ofOwnFile(file, () => readChain(host, file))
  const entries = lines as readonly (OperatorEntry & { readonly at: string })[]
  const commands = entries.flatMap((start): readonly OperatorCommand[] => {
    if (start.kind !== 'command-started') return []
    const own = entries.filter(({ command }) => command === start.command)
    const actions = new Map(own.flatMap((entry) => (entry.kind === 'action' ? [[`${entry.host} ${entry.action}`, entry] as const] : [])))
    const end = own.find((entry) => entry.kind === 'command-finished')
    const { name, clusterFile, owner, version, at } = start
    return [
      {
        name,
        clusterFile,
        owner,
        version,
        startedAt: at,
        outcome: end?.outcome ?? 'cut-off',
        actions: [...actions.values()].map(({ host: on, action, state }) => ({ host: on, action, state })),
      },
    ]
  })
  return { commands, torn }
}

/** Of actions alone; the phases inside are in the journals of the hosts. */
function actionOf(command: string, { host, event }: FleetEvent): readonly OperatorEntry[] {
  const { kind, phase: action } = event
  if (action.includes('/') || (kind !== 'started' && kind !== 'done' && kind !== 'failed')) return []
  return [{ kind: 'action', command, host, action, state: kind, ...(kind === 'failed' && { message: redact(messageOf(event.error)) }) }]
}

/** The journal as this command has left it: while it has that size nobody else has written, and it need not be read as a whole again. */
interface LeftChain {
  readonly chain: ChainWriter<OperatorEntry>
  readonly size: number
}

async function append(
  { host, file }: OperatorJournal,
  entries: readonly OperatorEntry[],
  left: LeftChain | undefined,
): Promise<LeftChain | undefined> {
  if (entries.length === 0) return left
  await host.makeDirectory(path.dirname(file), 0o700)
  const unlock = await lockShortly(`${file}.lock`)
  try {
    // Another kadm may have written since: the chain goes on from what is there now.
    const chain = left !== undefined && left.size === (await sizeOf(file)) ? left.chain : await openChain<OperatorEntry>(host, file)
    await Promise.all(entries.map((entry) => chain.append(entry)))
    return { chain, size: await sizeOf(file) }
  } finally {
    await unlock()
  }
}

/** To whom the system refuses it is not root who helps: it is a file of the user's own, which an earlier `sudo kadm` may have made. */
async function ofOwnFile<T>(file: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!hasCode(error, 'FILE_FAILED') || !['EACCES', 'EPERM'].includes(systemCode(error.cause) ?? '')) throw error
    const folder = shellQuote(path.dirname(file))
    throw new KadmError('FILE_FAILED', error.message, {
      remedy: [
        `ls -ld ${folder} ${shellQuote(file)}   # sudo chown -R "$(id -un)" ${folder} where they are somebody else's`,
        'XDG_STATE_HOME=DIR kadm ...   # keeps the journal in a folder of your own',
      ],
      cause: error,
    })
  }
}

/** Who else writes needs some milliseconds. */
async function lockShortly(file: string): Promise<() => Promise<void>> {
  const end = performance.now() + 5000
  for (let pause = 5; ; pause = Math.min(pause * 2, 100)) {
    try {
      return await lockSharedFile(file, 'kadm')
    } catch (error) {
      if (!hasCode(error, 'RUN_IN_PROGRESS')) throw error
      // Not RUN_IN_PROGRESS, after which commands are begun again: this may be the end of one.
      if (performance.now() > end)
        throw new KadmError('FILE_FAILED', `cannot write ${file.replace(/\.lock$/, '')}: ${error.message}`, { remedy: error.remedy })
    }
    await sleep(pause)
  }
}
