/** A secret from the person at the terminal: what is typed is not shown. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { Streams } from './command.ts'

/** `undefined` when there is no terminal to ask at. */
export async function askSecret(
  { stdin, stderr }: Pick<Streams, 'stdin' | 'stderr'>,
  question: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (stdin === undefined || !('isTTY' in stdin) || stdin.isTTY !== true) return undefined
  stderr.write(question)
  const nowhere = new Writable({ write: (_, __, done) => done() })
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true })
  const stop = new AbortController()
  // In raw mode the terminal makes no signal of it.
  lines.on('SIGINT', () => stop.abort(new Error('interrupted')))
  try {
    return await lines.question('', { signal: AbortSignal.any([signal, stop.signal]) })
  } finally {
    lines.close()
    stderr.write('\n')
  }
}
