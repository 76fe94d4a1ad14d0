/** For programs of jails: what a failed check says, as kubeadm would print it. Throws what is no such failure. */
import { KadmError } from '../../src/errors.ts'

export function printFailure(error: unknown): void {
  if (!(error instanceof KadmError)) throw error
  console.error(
    [`error: ${error.message}`, ...error.details.map((line) => `\t${line}`), ...error.remedy.map((line) => `try: ${line}`)].join('\n'),
  )
}
