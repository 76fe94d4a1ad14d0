/**
 * The journal of a host: what kadm did there, written before it was done. JSON lines in /var/lib/kadm/journal.jsonl, each with the
 * hash of the
 * one before it. It explains and speeds up, and lets `reset` undo; what is on the host is always trusted over it. No secret is in it.
 */
import { createHash } from 'node:crypto'
import type { Host } from './host.ts'
import { type JournalEntry, type JournalRecord, journalFile, readJournal } from './journal-file.ts'

export interface JournalWriter {
  /** Resolves when the entry has reached the disk. Entries that come in while the disk is busy go there together. */
  append(entry: JournalEntry): Promise<void>
}

/**
 * Goes on with the journal of the host; a line that was cut off by a crash is taken away first. Throws JOURNAL_BROKEN as
 * `readJournal` does.
 */
export async function openJournal(host: Pick<Host, 'readFile' | 'stat' | 'writeFile' | 'appendFile' | 'now'>): Promise<JournalWriter> {
  const journal = await readJournal(host)
  if (journal.torn) await host.writeFile(journalFile, journal.text, { mode: 0o600, directoryMode: 0o700 })
  let previous = journal.lastHash
  let waiting: string[] = []
  let flushing: Promise<void> = Promise.resolve()
  let failure: { readonly error: unknown } | undefined
  const flush = async (): Promise<void> => {
    if (failure !== undefined) throw failure.error
    const lines = waiting
    waiting = []
    if (lines.length === 0) return
    try {
      await host.appendFile(journalFile, lines.join(''), 0o600)
    } catch (error) {
      failure = { error } // a part of it may be there: nothing may be added behind it
      throw error
    }
  }
  return {
    append: (entry) => {
      const record: JournalRecord = { previous, at: host.now().toISOString(), ...entry }
      const line = JSON.stringify(record)
      previous = createHash('sha256').update(line).digest('hex')
      waiting.push(`${line}\n`)
      const mine = flushing.then(flush)
      flushing = mine.catch(() => undefined)
      return mine
    },
  }
}
