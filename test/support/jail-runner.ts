/**
 * Runs inside a jail: its commands, one after the other. `kadm` runs in this process, which saves its start. Arguments: file with the
 * commands, file for the results.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import type { Ended } from './command-line.ts'
import type { JailCommands } from './jail.ts'

if (import.meta.main) {
  enableCompileCache()
  const [input = '', output = ''] = process.argv.slice(2)
  const { commands, keepGoing } = JSON.parse(readFileSync(input, 'utf8')) as JailCommands
  const results: Ended[] = []
  for (const [program = '', ...words] of commands) {
    results.push(program === 'kadm' ? await runKadm(words) : run(program, words))
    writeFileSync(output, JSON.stringify(results)) // after each: the jail may be ended for the time that it takes
    if (results.at(-1)?.exitCode !== 0 && !keepGoing) break
  }
  process.exit(0)
}

async function runKadm(words: readonly string[]): Promise<Ended> {
  const { runInProcess } = await import('./in-process.ts')
  return await runInProcess(...words)
}

function run(program: string, words: readonly string[]): Ended {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  })
  return { exitCode: status ?? 1, stdout: stdout ?? '', stderr: error === undefined ? stderr : error.message }
}
