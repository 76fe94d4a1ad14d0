/**
 * Long-running programs of the machine (`go`, `mmdebstrap`, `apt-get`): told line by line while they run, in the caller's own environment.
 */
import { spawn } from 'node:child_process'
import { KadmError } from '../errors.ts'

export interface WatchedOptions {
  readonly directory?: string
  /** Added to the environment of this process, which proxies and caches of the machine are set in. */
  readonly environment?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
  /** Each line of either stream, as it comes. */
  readonly onLine?: (line: string) => void
  /** What to do when it fails. */
  readonly remedy: readonly [string, ...string[]]
}

/**
 * Runs it to its end. Throws SANDBOX_FAILED with its last lines when it fails, SANDBOX_MISSING_PIECE when it is not there, the signal's
 * reason when stopped.
 */
export async function runWatched(argv: readonly [string, ...string[]], options: WatchedOptions): Promise<void> {
  const { directory = '/', environment, signal, onLine = () => undefined, remedy } = options
  signal?.throwIfAborted()
  // A group of its own: stopping it reaches the compilers that it started.
  const child = spawn(argv[0], argv.slice(1), {
    cwd: directory,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  })
  const stop = () => child.pid !== undefined && endGroup(child.pid)
  signal?.addEventListener('abort', stop, { once: true })
  const last: string[] = []
  const keep = (line: string) => {
    last.push(line)
    if (last.length > 30) last.shift()
    onLine(line)
  }
  for (const stream of [child.stdout, child.stderr]) eachLine(stream, keep)
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.on('error', (cause) => reject(notStarted(argv[0], cause)))
      child.on('close', (code) => resolve(code ?? 137))
    })
    signal?.throwIfAborted()
    if (exitCode !== 0)
      throw new KadmError('SANDBOX_FAILED', `"${argv.slice(0, 3).join(' ')}" failed with exit code ${exitCode}`, { remedy, details: last })
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

function eachLine(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    lines.forEach(take)
  })
  stream.on('end', () => rest !== '' && take(rest))
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // it ended by itself
  }
}

function notStarted(program: string, cause: Error): KadmError {
  return new KadmError('SANDBOX_MISSING_PIECE', `the program "${program}" cannot be started on this machine`, {
    remedy: [`which ${program}`],
    cause,
  })
}
