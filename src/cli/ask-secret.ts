/** A secret from the person at the terminal: what is typed is not shown. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { atMost } from '../cluster/at-most.ts'
import type { Streams } from './command.ts'

/** One line that is typed is the answer to one question: hosts that ask at once do so in turn. */
const inTurn = atMost(1)

/** `undefined` when there is no terminal to ask at. Throws the signal's reason. */
export function askSecret(io: Pick<Streams, 'stdin' | 'stderr'>, question: string, signal: AbortSignal): Promise<string | undefined> {
  return inTurn(() => ask(io, question, signal))
}

async function ask(
  { stdin, stderr }: Pick<Streams, 'stdin' | 'stderr'>,
  question: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (stdin === undefined || !('isTTY' in stdin) || stdin.isTTY !== true) return undefined
  signal.throwIfAborted()
  stderr.write(question)
  const nowhere = new Writable({ write: (_, __, done) => done() })
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true })
  // In raw mode the terminal makes no signal of it. It is the whole command that is to stop, not this question alone.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    return await lines.question('', { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    lines.close()
    stderr.write('\n')
  }
}
