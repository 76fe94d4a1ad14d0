/** kadm's command line in this process, which saves its start: for many commands that change nothing, or whose files are in a jail. */
import { PassThrough, Readable } from 'node:stream'
import { main } from '../../src/cli/main.ts'
import type { Ended } from './command-line.ts'

export async function runInProcess(...words: readonly string[]): Promise<Ended> {
  process.setMaxListeners(0) // each command hears signals
  const streams = { stdin: Readable.from([]), stdout: new PassThrough({ encoding: 'utf8' }), stderr: new PassThrough({ encoding: 'utf8' }) }
  let [stdout, stderr] = ['', '']
  streams.stdout.on('data', (text: string) => (stdout += text))
  streams.stderr.on('data', (text: string) => (stderr += text))
  const exitCode = await main(words, { ...streams, environment: process.env })
  await new Promise((resolve) => setImmediate(resolve))
  return { exitCode, stdout, stderr }
}
