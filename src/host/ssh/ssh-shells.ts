/** The shells of one host: as many as are needed at once and sshd allows. Requests survive a line that breaks. */
import { randomBytes } from 'node:crypto'
import { KadmError, messageOf } from '../../errors.ts'
import { maximumOutput } from '../command.ts'
import type { KeptLine, Line } from './ssh-line.ts'
import { type Answer, LineBroken, NoAnswer, NoMoreSessions, openShell, type Shell, TooMuchOutput } from './ssh-shell.ts'

/**
 * Runs lines of shell at the far end (`ssh-prelude.ts` has the functions). When the line breaks before the answer is there they are sent
 * once more: they have to bear that. Throws HOST_UNREACHABLE, TooMuchOutput, or NoAnswer when something brief takes half a minute.
 */
export type Ask = (lines: string, options?: AskOptions) => Promise<Answer>

export interface AskOptions {
  /** Ahead of all others, and not stopped by commands that hold every shell. */
  readonly urgent?: boolean
  /** It waits for nothing: those that are asked at once share one shell, and one way there and back. */
  readonly brief?: boolean
}

export interface Shells {
  readonly ask: Ask
  end(): Promise<void>
}

/** @param begin what each new line begins with, before anything else is asked there */
export function sshShells(lines: KeptLine, begin: (ask: Ask) => Promise<void>): Shells {
  const directory = `kadm-ssh-${randomBytes(12).toString('hex')}`
  let hasAnswered = false
  const urgents = new Set<Promise<unknown>>()
  let pool: { readonly line: Line; readonly shells: Promise<Pool> } | undefined
  const current = async (): Promise<Pool> => {
    const line = await lines.current()
    if (pool?.line !== line) pool = { line, shells: openPool(line, directory, begin) }
    return pool.shells
  }
  const persist = async (text: string, options: AskOptions): Promise<Answer> => {
    for (let attempt = 1; ; attempt++) {
      try {
        const shells = await current()
        const answer = await shells.ask(text, options)
        hasAnswered = true
        return answer
      } catch (error) {
        if (!(error instanceof LineBroken)) throw error
        if (!hasAnswered) throw noShell(error)
        // The same request on line after line that breaks: it is the request that breaks them.
        if (attempt === mostAttempts)
          throw new KadmError('HOST_UNREACHABLE', `the connection broke ${mostAttempts} times at the same request`, {
            remedy: ['journalctl -u ssh -n 50   # on the host: what does sshd say?'],
            cause: error,
          })
      }
    }
  }
  return {
    ask: async (text, options = {}) => {
      if (options.urgent !== true) {
        await Promise.allSettled(urgents)
        return persist(text, options)
      }
      const answer = persist(text, options)
      urgents.add(answer)
      return answer.finally(() => urgents.delete(answer))
    },
    end: async () => {
      const open = await pool?.shells.catch(() => undefined)
      if (open === undefined) return
      await inTime(open.ask('rm -rf -- "$k_dir"', {}), longestEnd).catch(() => undefined)
      open.end()
    },
  }
}

const mostAttempts = 20
// Something stands still there: a file that is a pipe, a disk or a share that does not answer, a shell that is none.
const longestBrief = 30_000
const longestBegin = 20_000
const longestEnd = 10_000
const mostAtBegin = 1 << 20

async function inTime<T>(answer: Promise<T>, limit: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new NoAnswer(`no answer within ${limit / 1000} s`)), limit)
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}

// sshd allows 10 sessions on a connection by default.
const mostShells = 6

function noShell(cause: unknown): KadmError {
  return new KadmError('HOST_UNREACHABLE', `the host gives no shell: ${messageOf(cause)}`, {
    remedy: ['getent passwd USER   # on the host: is its shell one?', 'sshd -T | grep -i forcecommand   # on the host'],
    cause,
  })
}

interface Pool {
  ask(text: string, options: AskOptions): Promise<Answer>
  end(): void
}

async function openFirst(line: Line, directory: string, begin: (ask: Ask) => Promise<void>): Promise<Shell> {
  const beginning = async (): Promise<Shell> => {
    const first = await openShell(line.client, directory)
    await begin((text) => first.request(text, mostAtBegin))
    return first
  }
  try {
    return await inTime(beginning(), longestBegin)
  } catch (error) {
    if (error instanceof LineBroken) line.drop()
    if (error instanceof NoAnswer || error instanceof TooMuchOutput) throw noShell(error)
    if (error instanceof NoMoreSessions)
      throw new KadmError('HOST_UNREACHABLE', `sshd on the host gives no session: ${messageOf(error)}`, {
        remedy: ['sshd -T | grep -i -e maxsessions -e forcecommand   # on the host'],
        cause: error,
      })
    throw error
  }
}

async function openPool(line: Line, directory: string, begin: (ask: Ask) => Promise<void>): Promise<Pool> {
  const first = await openFirst(line, directory, begin)
  const free: Shell[] = [first]
  const waiting: ((shell: Shell) => void)[] = []
  let count = 1
  let limit = mostShells
  const give = (shell: Shell): void => {
    const next = waiting.shift()
    if (next === undefined) free.push(shell)
    else next(shell)
  }
  const open = async (): Promise<Shell | undefined> => {
    count++
    try {
      return await openShell(line.client, directory)
    } catch (error) {
      count--
      if (error instanceof LineBroken) line.drop()
      if (!(error instanceof NoMoreSessions)) throw error
      limit = Math.max(1, count)
      return undefined
    }
  }
  const queue = (urgent: boolean): Promise<Shell> =>
    new Promise((resolve, reject) => {
      if (urgent) waiting.unshift(resolve)
      else waiting.push(resolve)
      void line.broken.then(() => reject(new LineBroken('the connection broke')))
    })
  const take = async (urgent: boolean): Promise<Shell> => {
    const found = free.pop() ?? (count < limit || urgent ? await open() : undefined)
    if (found !== undefined) return found
    // All that sshd allows are held by commands: they go on without the line, and are found again on the next one.
    if (urgent) line.drop()
    return queue(urgent)
  }
  const replace = async (): Promise<void> => {
    const fresh = await open().catch(() => line.drop())
    if (fresh !== undefined) give(fresh)
  }
  const failed = (error: unknown): void => {
    count--
    if (!(error instanceof TooMuchOutput)) line.drop() // one shell that is gone is a line that is not to be trusted
    else if (waiting.length > 0) void replace()
  }
  /** The shell that brief requests share for as long as there are any. */
  let shared: { readonly shell: Promise<Shell>; requests: number } | undefined
  return {
    ask: async (text, { urgent = false, brief = false }) => {
      // Nobody joins while others wait for a shell: it would never be free.
      const own = brief && shared !== undefined && waiting.length === 0 ? shared : { shell: take(urgent), requests: 0 }
      if (brief) shared = own
      own.requests++
      const isLast = (): boolean => {
        own.requests--
        if (own.requests === 0 && shared === own) shared = undefined
        return own.requests === 0
      }
      const shell = await own.shell.catch((error: unknown) => {
        isLast()
        throw error
      })
      try {
        const answer = await (brief ? inTime(shell.request(text, maximumOutput), longestBrief) : shell.request(text))
        if (isLast()) give(shell)
        return answer
      } catch (error) {
        if (error instanceof NoAnswer) line.drop() // what was asked beside it is asked again
        if (isLast()) failed(error)
        throw error
      }
    },
    end: () => line.end(),
  }
}
