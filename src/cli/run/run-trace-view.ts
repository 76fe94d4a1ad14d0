/** `kadm trace view` for a user. */
import path from 'node:path'
import { KadmError, messageOf } from '../../errors.ts'
import { localHost } from '../../host/local-host.ts'
import { printable } from '../../progress/printable.ts'
import { readTrace, type ReadTrace } from '../../progress/read-trace.ts'
import { pathText, tracePage } from '../../progress/trace-page.ts'
import { givenText, type CommandInput } from '../command.ts'

/** Throws USAGE, FILE_FAILED. */
export async function runTraceView({ flags, io, arguments: [file] }: CommandInput): Promise<void> {
  if (file === undefined) throw new KadmError('USAGE', 'no trace is given', { remedy: ['kadm trace view trace.json'] })
  const page = givenText(flags, 'output') ?? `${file.replace(/\.json$/, '')}.html`
  const host = localHost()
  const text = await host.readText(path.resolve(file))
  if (text === undefined)
    throw new KadmError('FILE_FAILED', `there is no file "${file}"`, {
      remedy: ['kadm init --trace FILE   # or another command with --trace: it writes one'],
    })
  const trace = parsed(text, file)
  await host.writeFile(path.resolve(page), tracePage(trace), { mode: 0o644 })
  io.stdout.write(`${printable(pathText(trace))}\nThe whole as a page: ${page}\n`)
}

function parsed(text: string, file: string): ReadTrace {
  try {
    return readTrace(text)
  } catch (error) {
    throw new KadmError('FILE_FAILED', `"${file}" is not a trace that kadm wrote: ${messageOf(error)}`, {
      cause: error,
      remedy: ['give a file that --trace has written'],
    })
  }
}
