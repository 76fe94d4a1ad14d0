/**
 * How an error is told: `error: <what>` with its code, details, then what to do. Lower case, no period, all of it on stderr.
 * The first line has kubeadm's shape, so that scripts which look for it go on working.
 */
import { inspect } from 'node:util'
import { KadmError } from '../../errors.ts'
import { printable } from '../../progress/printable.ts'

export function errorText(error: unknown, verbosity: number): string {
  const lines = error instanceof KadmError ? foreseen(error) : unforeseen(error)
  if (verbosity >= 5) lines.push('', inspect(error))
  // A file's bytes in a message must not reach the terminal as orders.
  return printable(`${lines.join('\n')}\n`)
}

function foreseen(error: KadmError): string[] {
  return [
    `error: ${error.message} [${error.code}]`,
    // One problem alone stands in the message already.
    ...error.details.filter((line) => !error.message.endsWith(line)).map((line) => `  ${line}`),
    ...error.remedy.map((line) => `try: ${line}`),
  ]
}

function unforeseen(error: unknown): string[] {
  return [
    `error: ${error instanceof Error ? error.message : String(error)} [BUG]`,
    ...(error instanceof Error && error.stack !== undefined ? error.stack.split('\n').slice(1, 6) : []),
    'try: run it again with -v 5 and report what it prints: this failure was not foreseen',
  ]
}
