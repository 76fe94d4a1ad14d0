/** One shell at the far end that lives as long as the line and does one thing after the other. A request costs one way to the host and back, and no login. */
import { randomBytes } from 'node:crypto'
import type { Client, ClientChannel } from 'ssh2'
import { redact } from './redact.ts'
import { prelude } from './ssh-prelude.ts'

export interface Shell {
  /**
   * Runs lines of shell and resolves with what they printed. Throws LineBroken when the shell ended before it had answered: then they were run in full, or
   * not at all.
   */
  request(lines: string): Promise<Answer>
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

/** sshd gives no further session on this line. Never leaves `src/host`. */
export class NoMoreSessions extends Error {}

/** @param directory of the line's own files at the far end, made when it is not there */
export async function openShell(client: Client, directory: string): Promise<Shell> {
  const channel = await openChannel(client)
  const mark = `k${randomBytes(12).toString('hex')}`
  let number = 0
  let waiting: Waiting | undefined
  let queue: Promise<unknown> = Promise.resolve()
  let broken = false
  const fail = (error: Error): void => {
    broken = true
    waiting?.reject(error)
    waiting = undefined
    channel.destroy()
  }
  channel.on('data', (chunk: Buffer) => take('stdout', chunk))
  channel.stderr.on('data', (chunk: Buffer) => take('stderr', chunk))
  channel.on('close', () => fail(new LineBroken(`the shell ended${lastWords(waiting)}`))).on('error', () => undefined)
  const take = (name: 'stdout' | 'stderr', chunk: Buffer): void => {
    if (waiting === undefined) return // what a program says that outlived its request
    waiting[name].push(chunk)
    waiting.size += chunk.length
    if (waiting.size > mostOutput) return fail(new TooMuchOutput(`more than ${mostOutput >> 20} MiB`))
    const answer = complete(waiting)
    if (answer === undefined) return
    waiting.resolve(answer)
    waiting = undefined
  }
  const send = (lines: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      if (broken) return reject(new LineBroken('the connection broke'))
      const end = `${mark}-${++number}`
      waiting = { end, stdout: [], stderr: [], size: 0, resolve, reject }
      // In braces: a request that was cut off on its way is half a command for the shell, and never run. Its input is not the shell's own.
      channel.write(`{\n${lines}\n} </dev/null\nk_end "$?" ${end}\n`)
    })
  channel.write(prelude(directory))
  return {
    request: (lines) => {
      const answer = queue.then(() => send(lines))
      queue = answer.catch(() => undefined)
      return answer
    },
    end: () => channel.end(),
  }
}

// As much as a local command may print. Twice: both streams.
const mostOutput = 129 * 1024 * 1024

interface Waiting {
  readonly end: string
  readonly stdout: Buffer[]
  readonly stderr: Buffer[]
  size: number
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

/** Both streams end with the mark of the request; stdout's has the exit code. */
function complete({ end, stdout, stderr }: Waiting): Answer | undefined {
  const length = end.length + 6
  const [out, err] = [tailOf(stdout, length), tailOf(stderr, length)]
  const match = new RegExp(`\\n${end} (\\d+)\\n$`).exec(out)
  if (match?.[1] === undefined || !err.endsWith(`\n${end}\n`)) return undefined
  const whole = Buffer.concat(stdout)
  const text = Buffer.concat(stderr).toString('utf8')
  return { code: Number(match[1]), stdout: whole.subarray(0, whole.length - match[0].length), stderr: text.slice(0, text.length - end.length - 2) }
}

/** A user who may not work there is told so by the shell. */
function lastWords(waiting: Waiting | undefined): string {
  const text = waiting === undefined ? '' : Buffer.concat([...waiting.stdout, ...waiting.stderr]).subarray(0, 500).toString('utf8').trim()
  return text === '' ? '' : `: ${redact(text.replaceAll(/\s+/g, ' '))}`
}

function tailOf(chunks: readonly Buffer[], length: number): string {
  let tail = Buffer.alloc(0)
  for (let index = chunks.length - 1; index >= 0 && tail.length < length; index--) tail = Buffer.concat([chunks[index] ?? Buffer.alloc(0), tail])
  return tail.subarray(-length).toString('latin1')
}

/** Whatever shell the user has, it starts the one that is needed. */
function openChannel(client: Client): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    try {
      client.exec('exec /bin/sh', (error, channel) => {
        if (error === undefined) resolve(channel)
        else reject(/open failure/i.test(error.message) ? new NoMoreSessions(error.message, { cause: error }) : new LineBroken(error.message, { cause: error }))
      })
    } catch (error) {
      reject(new LineBroken('the connection broke', { cause: error }))
    }
  })
}
