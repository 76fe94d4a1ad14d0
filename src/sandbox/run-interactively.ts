/** A program that shares the terminal of kadm: a shell on a host, a command whose output is to be seen as it comes. */
import { spawn } from 'node:child_process'
import type { ProgramArgv } from './run-program.ts'

/** Resolves with its exit code; 1 when a signal ended it. */
export function runInteractively(argv: ProgramArgv, environment: Readonly<Record<string, string>> = {}): Promise<number> {
  const child = spawn(argv[0], argv.slice(1), { stdio: 'inherit', env: { ...process.env, ...environment } })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
}
