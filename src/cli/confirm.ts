/** A question to the person at the terminal, in kubeadm's form. */
import { createInterface } from 'node:readline'
import { KadmError } from '../errors.ts'
import type { Streams } from './command.ts'

/** `true` for "y" and "yes" in any case; the end of the input is a no. */
export async function confirm(
  { stdin, stdout }: Pick<Streams, 'stdin' | 'stdout'>,
  question: string,
  signal: AbortSignal,
): Promise<boolean> {
  stdout.write(`${question} [y/N]: `)
  const lines = createInterface({ input: stdin, signal })
  try {
    for await (const line of lines) return ['y', 'yes'].includes(line.toLowerCase())
    signal.throwIfAborted()
    return false
  } finally {
    lines.close()
  }
}

/** Throws NOT_CONFIRMED. `what`: is to be confirmed; `flag`: with which nobody is asked. */
export async function requireYes(
  io: Pick<Streams, 'stdin' | 'stdout'>,
  { question, what, flag = '--yes' }: { readonly question: string; readonly what: string; readonly flag?: string },
  signal: AbortSignal,
): Promise<void> {
  if (await confirm(io, question, signal)) return
  throw new KadmError('NOT_CONFIRMED', `nothing was changed: ${what} was not confirmed`, { remedy: [`answer y, or give ${flag}`] })
}
