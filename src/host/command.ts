/** Runs commands of this machine: argv only, in a process group of their own, with a deadline. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { KadmError } from '../errors.ts'
import { systemCode } from './file-error.ts'
import type { Argv, CommandOptions, CommandResult } from './host.ts'
import { redact } from './redact.ts'
import { shellLine } from './shell-quote.ts'

/**
 * Resolves with any exit code (128 + n when signal n ended it, as a shell says). Throws COMMAND_MISSING, COMMAND_FAILED when it cannot be
 * started, does not end within `timeout` milliseconds or prints more than 64 MiB; the signal's reason when that fires. In each of
 * these cases the process group is ended; a process that left the group (a daemon) is not ours to end.
 */
export async function runCommand(argv: Argv, options: CommandOptions = {}): Promise<CommandResult> {
  const { input, environment, timeout = 60_000, signal } = options
  signal?.throwIfAborted()
  const [program, ...args] = argv
  const child = spawn(program, args, {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    // Messages that are parsed or compared have to be in one language.
    env: { ...process.env, LC_ALL: 'C', ...environment },
  })
  child.stdin.on('error', () => undefined) // it may end without reading its input
  child.stdin.end(input)
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(tooSlow(argv, timeout, options)), timeout)
  const onAbort = (): void => stop.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await finish(argv, child, stop)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

/**
 * Throws COMMAND_FAILED, with what the command printed to stderr, unless it exited with 0.
 *
 * @param options those that it was run with
 */
export function requireSuccess(result: CommandResult, options?: CommandOptions): CommandResult {
  if (result.exitCode === 0) return result
  const lines = redact(result.stderr.trim() === '' ? result.stdout : result.stderr)
    .trim()
    .split('\n')
    .filter((line) => line !== '')
  const last = lines.at(-1)
  throw new KadmError(
    'COMMAND_FAILED',
    `"${result.argv.join(' ')}" exited with ${result.exitCode}${last === undefined ? '' : `: ${last}`}`,
    {
      remedy: [again(result.argv, options)],
      details: lines.slice(-40),
      cause: result,
    },
  )
}

// More than any command that kadm runs has to say; beyond it something is wrong, and half an answer must not be taken for a whole one.
export const maximumOutput = 64 * 1024 * 1024
// What a group gets between SIGTERM and SIGKILL, and what a grandchild that holds the pipes gets after its parent's end.
const grace = 1000

function finish(argv: Argv, child: ChildProcessByStdio<Writable, Readable, Readable>, stop: AbortController): Promise<CommandResult> {
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  let size = 0
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= maximumOutput) chunks[name].push(chunk)
      else stop.abort(tooMuch(argv))
    })
  }
  const killTimers: NodeJS.Timeout[] = []
  return new Promise<CommandResult>((resolve, reject) => {
    stop.signal.addEventListener('abort', () => {
      endGroup(child.pid, 'SIGTERM')
      killTimers.push(setTimeout(() => endGroup(child.pid, 'SIGKILL'), grace))
    })
    child.on('error', (error) => reject(notStarted(argv, error)))
    child.on('exit', () => {
      if (stop.signal.aborted) endGroup(child.pid, 'SIGKILL')
      killTimers.push(setTimeout(() => [child.stdout, child.stderr].forEach((stream) => stream.destroy()), grace))
    })
    child.on('close', (code, signal) => {
      if (stop.signal.aborted) return reject(stop.signal.reason)
      const exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal])
      return resolve({ argv, exitCode, stdout: text(chunks.stdout), stderr: text(chunks.stderr) })
    })
  }).finally(() => killTimers.forEach(clearTimeout))
}

function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error
  }
}

function text(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8')
}

function notStarted(argv: Argv, cause: Error): KadmError {
  return systemCode(cause) === 'ENOENT' ? missingProgram(argv, cause) : cannotStart(argv, cause.message, cause)
}

export function missingProgram([program]: Argv, cause?: Error): KadmError {
  return new KadmError('COMMAND_MISSING', `the program "${program}" is not on this host`, {
    remedy: [`command -v ${program}   # install it, or add its directory to PATH`],
    cause,
  })
}

export function cannotStart([program]: Argv, why: string, cause?: Error): KadmError {
  return new KadmError('COMMAND_FAILED', `"${program}" cannot be started: ${why}`, {
    remedy: [`ls -l "$(command -v ${program})"`],
    cause,
  })
}

export function tooSlow(argv: Argv, timeout: number, options?: CommandOptions): KadmError {
  return new KadmError('COMMAND_FAILED', `"${argv.join(' ')}" did not end within ${timeout / 1000} s`, {
    remedy: [again(argv, options)],
  })
}

export function tooMuch(argv: Argv): KadmError {
  return new KadmError('COMMAND_FAILED', `"${argv.join(' ')}" printed more than ${maximumOutput >> 20} MiB`, {
    remedy: [`${shellLine(argv)} | less`],
  })
}

/** To see it fail. What it read is not at hand in a shell, where it would wait for it for ever. */
function again(argv: Argv, options: CommandOptions | undefined): string {
  if (options?.input === undefined) return shellLine(argv)
  return `mend what "${argv[0]}" says, and run the same command again: it was given its input by kadm`
}
