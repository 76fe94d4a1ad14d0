/** kadm as a user starts it: `bin/kadm.js` in a process of its own. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface Ended {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export const kadmProgram = fileURLToPath(new URL('../../bin/kadm.js', import.meta.url))

/** Runs kadm with these words and resolves with any exit code. */
export function runKadm(...words: readonly string[]): Promise<Ended> {
  return runProgram(process.execPath, [kadmProgram, ...words])
}

/** `environment`: the whole of it; default: this process's own. */
export function runProgram(program: string, words: readonly string[], environment: NodeJS.ProcessEnv = process.env): Promise<Ended> {
  const child = spawn(program, words, { env: environment, stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000, killSignal: 'SIGKILL' })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ exitCode: code ?? (signal === null ? 1 : 128), stdout, stderr }))
  })
}
