/**
 * One shell at the far end that lives as long as the line and does one thing after the other. A request costs one way to the host and back,
 * and no login; those that are sent before the first has its answer share that way.
 */
import { randomBytes } from 'node:crypto'
import type { Client, ClientChannel } from 'ssh2'
import { type MarkedStream, markedStream } from './marked-stream.ts'
import { redact } from '../redact.ts'
import { prelude } from './ssh-prelude.ts'

export interface Shell {
  /**
   * Runs lines of shell, after those that were sent before, and resolves with what they printed. Throws LineBroken when the shell ended
   * before it had answered: then they were run in full, or not at all. `most`: bytes that it may print; TooMuchOutput beyond.
   */
  request(lines: string, most?: number): Promise<Answer>
  end(): void
}

export interface Answer {
  readonly code: number
  readonly stdout: Buffer
  /** In English, whatever the host's language is. */
  readonly stderr: string
}

/** The shell is gone. Never leaves `src/host`. */
export class LineBroken extends Error {}

/** More was printed than can be taken for an answer; the shell was ended. Never leaves `src/host`. */
export class TooMuchOutput extends Error {}

/** Nothing came in time. Never leaves `src/host`. */
export class NoAnswer extends Error {}

/** sshd gives no further session on this line. Never leaves `src/host`. */
export class NoMoreSessions extends Error {}

/**
 * What a login shell says while it starts (`.bashrc`, `.zshenv`) is no answer: both streams let go what comes ahead of a first mark.
 *
 * @param directory of the line's own files at the far end, made when it is not there
 */
export async function openShell(client: Client, directory: string): Promise<Shell> {
  const channel = await openChannel(client)
  const mark = `k${randomBytes(12).toString('hex')}`
  const [stdout, stderr] = [markedStream(), markedStream()]
  const waiting = new Set<(error: Error) => void>()
  let number = 0
  let broken = false
  let limit = mostOutput
  const fail = (error: Error): void => {
    broken = true
    // Too much is what the first has printed; the others were not run.
    for (const [index, reject] of [...waiting].entries())
      reject(index === 0 || error instanceof LineBroken ? error : new LineBroken(error.message))
    waiting.clear()
    channel.destroy()
  }
  const take = (stream: MarkedStream, chunk: Buffer): void => {
    stream.take(chunk)
    if (stdout.size() + stderr.size() > limit) fail(new TooMuchOutput(`more than ${limit >> 20} MiB`))
  }
  channel.on('data', (chunk: Buffer) => take(stdout, chunk))
  channel.stderr.on('data', (chunk: Buffer) => take(stderr, chunk))
  channel.on('close', () => fail(new LineBroken(`the shell ended${lastWords(stdout, stderr)}`))).on('error', () => undefined)
  const beginning = `${mark}-0`
  for (const stream of [stdout, stderr]) void stream.until(beginning)
  channel.write(`${prelude(directory)}k_end 0 ${beginning}\n`)
  return {
    request: async (lines, most = mostOutput) => {
      if (broken) throw new LineBroken('the connection broke')
      limit = most
      const end = `${mark}-${++number}`
      const { promise: cut, reject } = Promise.withResolvers<never>()
      waiting.add(reject)
      const both = Promise.all([stdout.until(end), stderr.until(end)])
      // In braces: a request that was cut off on its way is half a command for the shell, and never run. Its input is not the shell's own.
      channel.write(`{\n${lines}\n} </dev/null\nk_end "$?" ${end}\n`)
      const [out, err] = await Promise.race([both, cut])
      waiting.delete(reject)
      return { code: out.code, stdout: out.content, stderr: err.content.toString('utf8') }
    },
    end: () => channel.end(),
  }
}

// As much as a local command may print. Twice: both streams.
const mostOutput = 129 * 1024 * 1024

/** A user who may not work there is told so by the shell. */
function lastWords(...streams: readonly MarkedStream[]): string {
  const text = Buffer.concat(streams.map((stream) => stream.held()))
    .subarray(0, 500)
    .toString('utf8')
    .trim()
  return text === '' ? '' : `: ${redact(text.replaceAll(/\s+/g, ' '))}`
}

/** Whatever shell the user has, it starts the one that is needed. */
function openChannel(client: Client): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    try {
      client.exec('exec /bin/sh', (error, channel) => {
        if (error === undefined) resolve(channel)
        else
          reject(
            /open failure/i.test(error.message)
              ? new NoMoreSessions(error.message, { cause: error })
              : new LineBroken(error.message, { cause: error }),
          )
      })
    } catch (error) {
      reject(new LineBroken('the connection broke', { cause: error }))
    }
  })
}
