/**
 * The journal of a host: what kadm did there, written before it was done. JSON lines in /var/lib/kadm/journal.jsonl, each with the
 * hash of the one before it. It explains and speeds up, and lets `undo` put back; what is on the host is always trusted over it. No secret
 * is in it.
 */
import { chainLine, lineHash, readChain } from './hash-chain.ts'
import type { Host } from '../host.ts'
import { type JournalEntry, journalFile } from './journal-file.ts'

export type JournalWriter = ChainWriter<JournalEntry>

export interface ChainWriter<Entry> {
  /** Resolves when the entry has reached the disk. Entries that come in while the disk is busy go there together. */
  append(entry: Entry): Promise<void>
}

type JournaledHost = Pick<Host, 'readFile' | 'stat' | 'writeFile' | 'appendFile' | 'now'>

/**
 * Goes on with the journal of the host; a line that was cut off by a crash is taken away first. Throws JOURNAL_BROKEN as
 * `readJournal` does.
 */
export function openJournal(host: JournaledHost): Promise<JournalWriter> {
  return openChain<JournalEntry>(host, journalFile)
}

/** The same for any file of lines of which each says the hash of the one before. 0600, in a folder of 0700. */
export async function openChain<Entry extends object>(host: JournaledHost, file: string): Promise<ChainWriter<Entry>> {
  const chain = await readChain(host, file)
  if (chain.torn) await host.writeFile(file, chain.text, { mode: 0o600, directoryMode: 0o700 })
  let previous = chain.lastHash
  let waiting: string[] = []
  let flushing: Promise<void> = Promise.resolve()
  let failure: { readonly error: unknown } | undefined
  const flush = async (): Promise<void> => {
    if (failure !== undefined) throw failure.error
    const lines = waiting
    waiting = []
    if (lines.length === 0) return
    try {
      await host.appendFile(file, lines.join(''), 0o600)
    } catch (error) {
      failure = { error } // a part of it may be there: nothing may be added behind it
      throw error
    }
  }
  return {
    append: (entry) => {
      const line = chainLine({ previous, at: host.now().toISOString(), ...entry })
      previous = lineHash(line)
      waiting.push(`${line}\n`)
      const mine = flushing.then(flush)
      flushing = mine.catch(() => undefined)
      return mine
    },
  }
}
