/** Programs of the machine that a sandbox is made with: `ip`, `nsenter`, `cp`, `ssh-keygen`. */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { KadmError } from '../errors.ts'

export type ProgramArgv = readonly [string, ...string[]]

export interface ProgramOptions {
  /** Text or bytes for its standard input, or a file of the machine to read it from. */
  readonly input?: string | Uint8Array | { readonly file: string }
  /** Milliseconds, default 60_000: then it and what it started are killed, and the exit code is 124. */
  readonly timeout?: number
  readonly signal?: AbortSignal
  readonly environment?: Readonly<Record<string, string>>
}

export interface ProgramResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * Runs it to its end and resolves with any exit code. Throws SANDBOX_MISSING_PIECE when there is no such program, and the signal's reason.
 */
export function runProgram(argv: ProgramArgv, options: ProgramOptions = {}): Promise<ProgramResult> {
  const { input, timeout = 60_000, signal } = options
  signal?.throwIfAborted()
  const file = input !== undefined && typeof input === 'object' && 'file' in input ? openSync(input.file, 'r') : undefined
  // A process group of its own, so that a time limit reaches what the program started too.
  const child = spawn(argv[0], argv.slice(1), {
    detached: true,
    stdio: [file ?? 'pipe', 'pipe', 'pipe'],
    env: { PATH: searchPath, LANG: 'C.UTF-8', ...options.environment },
    cwd: '/',
  })
  if (file !== undefined) closeSync(file)
  return new Promise((resolve, reject) => {
    const out: Buffer[] = []
    const err: Buffer[] = []
    let timedOut = false
    const finish = (code: number | null) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      for (const stream of child.stdio) stream?.destroy()
      if (signal?.aborted === true) return reject(signal.reason)
      const note = timedOut ? `\nkilled: it did not end within ${timeout} ms` : ''
      resolve({
        exitCode: timedOut ? 124 : (code ?? 137),
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString() + note,
      })
    }
    const end = () => {
      killGroup(child.pid)
      child.unref()
      setTimeout(() => finish(null), 200) // in a frozen host it dies only when that goes on: do not wait for it
    }
    const timer = setTimeout(() => {
      timedOut = true
      end()
    }, timeout)
    signal?.addEventListener('abort', end, { once: true })
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
    child.stdin?.on('error', () => {}) // it need not read all of its input
    child.stdin?.end(typeof input === 'string' || input instanceof Uint8Array ? input : undefined)
    child.on('error', (cause) => {
      clearTimeout(timer)
      reject(missing(argv[0], cause))
    })
    child.on('close', finish)
  })
}

/** Runs it and returns its output. Throws SANDBOX_FAILED with its last words when it fails. */
export async function mustRun(argv: ProgramArgv, options: ProgramOptions = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await runProgram(argv, options)
  if (exitCode === 0) return stdout
  throw new KadmError('SANDBOX_FAILED', `"${argv.join(' ')}" failed with exit code ${exitCode}`, {
    remedy: ['see what it said above; "kadm sandbox down" takes away a sandbox that is half made'],
    details: stderr.trim().split('\n').slice(-10),
  })
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // it ended by itself
  }
}

function missing(program: string, cause: Error): KadmError {
  return new KadmError('SANDBOX_MISSING_PIECE', `the program "${program}" cannot be started on this machine`, {
    remedy: ['apt-get install iproute2 openssh-client util-linux mmdebstrap'],
    cause,
  })
}
