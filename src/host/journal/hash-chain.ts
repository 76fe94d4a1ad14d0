/** A file of JSON lines of which each holds the hash of the one before and its own: no byte of it changes unseen. */
import { createHash } from 'node:crypto'
import { hasCode, KadmError } from '../../errors.ts'
import { isObject, parseJson } from '../../json.ts'
import type { Host } from '../host.ts'
import { shellQuote } from '../shell-quote.ts'

export interface Chain {
  readonly lines: readonly Readonly<Record<string, unknown>>[]
  /** The complete lines, as they stand in the file. */
  readonly text: string
  /** SHA-256 of the last complete line, hex; empty when there is none. */
  readonly lastHash: string
  /** The last line was cut off. It was never acknowledged, so what it would tell of was not done. */
  readonly torn: boolean
}

/** Empty when there is no file. Throws JOURNAL_BROKEN when a line is not what it or the next one says that it was. */
export async function readChain(host: Pick<Host, 'readFile'>, file: string): Promise<Chain> {
  const bytes = (await host.readFile(file).catch((error: unknown) => sayIfTooLarge(file, error))) ?? Buffer.alloc(0)
  // Cut at bytes, not at characters: a tear may go through one.
  const complete = bytes.subarray(0, bytes.lastIndexOf('\n') + 1)
  const text = complete.toString('utf8')
  const written = text.split('\n').slice(0, -1)
  // The first kadm wrote lines without a hash of their own: there are none after one that has it.
  let haveOwn = false
  const lines: Readonly<Record<string, unknown>>[] = []
  let lastHash = ''
  for (const [index, line] of written.entries()) {
    const parsed = parseLine(line)
    haveOwn ||= ownHash.test(line)
    if (parsed === undefined || parsed['previous'] !== lastHash || (haveOwn && !isWhole(line))) throw broken(file, index + 1)
    lastHash = lineHash(line)
    lines.push(parsed)
  }
  return { lines, text, lastHash, torn: complete.length < bytes.length }
}

/** @param record with `previous`: the hash of the line before */
export function chainLine(record: object): string {
  const text = JSON.stringify(record)
  return `${text.slice(0, -1)},"hash":"${lineHash(text)}"}`
}

export function lineHash(line: string): string {
  return createHash('sha256').update(line).digest('hex')
}

const ownHash = /,"hash":"([0-9a-f]{64})"\}$/

function isWhole(line: string): boolean {
  const found = ownHash.exec(line)
  return found !== null && lineHash(`${line.slice(0, found.index)}}`) === found[1]
}

function parseLine(line: string): Readonly<Record<string, unknown>> | undefined {
  const parsed = parseJson(line)
  return isObject(parsed) && 'previous' in parsed ? parsed : undefined
}

/** Over SSH: nothing makes a journal smaller, so that one day it may be more than can be read. */
function sayIfTooLarge(file: string, error: unknown): never {
  if (!hasCode(error, 'FILE_FAILED') || !/: (?:it is too large: .*|no answer within \d+ s)$/.test(error.message)) throw error
  const old = `mv ${shellQuote(file)} ${shellQuote(`${file}.old`)}`
  throw new KadmError('FILE_FAILED', error.message, {
    remedy: [
      `ls -l ${shellQuote(file)}   # more than 64 MiB, or than comes in 30 s, is not read`,
      `${old}   # if it is as large: kadm then starts a new one; what the old one knew cannot be undone any more`,
    ],
    cause: error,
  })
}

function broken(file: string, line: number): KadmError {
  return new KadmError('JOURNAL_BROKEN', `the journal "${file}" was changed or damaged at line ${line}`, {
    remedy: [
      `mv ${shellQuote(file)} ${shellQuote(`${file}.broken`)}   # kadm then starts a new one; what the old one knew cannot be undone any more, nor that a run is unfinished`,
      'where a run of kadm was cut off before: reset that host after this, and let it join anew',
    ],
  })
}
