/** HTTPS requests to one server, of Kubernetes or etcd: time limits, abort, and the two repeats that are always safe. */
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest, type Agent } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KadmError } from '../errors.ts'
import { unreachable } from './api-error.ts'
import { connectionPool, type PoolOptions } from './connection-pool.ts'

export interface RequesterOptions extends PoolOptions {
  /** `https://host:port`, with a path before the API's own if there is one. */
  readonly server: string
  /** Bearer token. */
  readonly token?: string | undefined
  /** Ends every call. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds that one call may take from start to last byte; default 10_000, as kubeadm's. */
  readonly timeout?: number
  /** Default `kadm`; the program gives `kadm/<version>`. What is before the slash becomes the field manager of what is written. */
  readonly userAgent?: string
  /** The error when no answer comes; default: API_UNREACHABLE. */
  readonly noAnswer?: (server: string, cause: unknown) => KadmError
}

export interface Requester {
  readonly server: string
  /** One call, whole; any status is an answer. Throws what `noAnswer` makes, or the signal's reason. */
  call(request: ApiRequest): Promise<{ readonly status: number; readonly body: string }>
  /** One call whose answer is read as it comes; each silence may last as long as `silence`. */
  stream(request: ApiRequest, silence: number): Promise<{ readonly status: number; readonly chunks: AsyncIterable<string> }>
  close(): void
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  readonly contentType?: string
  readonly signal?: AbortSignal | undefined
}

/** Nothing is sent before the first call. */
export function requester(options: RequesterOptions): Requester {
  const url = new URL(options.server)
  const target: Target = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 443),
    base: url.pathname.replace(/\/$/, ''),
    headers: {
      accept: 'application/json',
      'user-agent': options.userAgent ?? 'kadm',
      ...(options.token && { authorization: `Bearer ${options.token}` }),
    },
  }
  const agent = connectionPool(target, options)
  const timeout = options.timeout ?? 10_000
  const server = url.origin
  const { noAnswer = unreachable } = options

  const signalsOf = ({ signal }: ApiRequest) => [signal, options.signal].filter((each) => each !== undefined)
  const failure = (request: ApiRequest, error: unknown): unknown =>
    signalsOf(request).find((each) => each.aborted)?.reason ?? noAnswer(server, error instanceof FailedTry ? error.cause : error)

  async function once(request: ApiRequest): Promise<Answer> {
    const { response, timer } = await open(agent, target, request, { timeout, signals: signalsOf(request) })
    try {
      response.setEncoding('utf8')
      let body = ''
      for await (const chunk of response) body += String(chunk)
      return { status: response.statusCode ?? 0, body, retryAfter: response.headers['retry-after'] }
    } finally {
      timer.end()
    }
  }

  async function call(request: ApiRequest): Promise<Answer> {
    const deadline = Date.now() + timeout
    for (let attempt = 1; ; attempt++) {
      let answer: Answer
      try {
        answer = await once(request)
      } catch (error) {
        if (attempt < 5 && isRepeatable(request, error)) continue
        throw failure(request, error)
      }
      const pause = pauseAskedFor(answer)
      if (pause === undefined || attempt >= 5 || Date.now() + pause > deadline) return answer
      await sleep(pause, undefined, request.signal ? { signal: request.signal } : {})
    }
  }

  async function stream(request: ApiRequest, silence: number) {
    try {
      const { response, timer } = await open(agent, target, request, { timeout, signals: signalsOf(request) })
      timer.start(silence)
      return { status: response.statusCode ?? 0, chunks: readChunks(response, { timer, silence, failure: (error) => failure(request, error) }) }
    } catch (error) {
      throw failure(request, error)
    }
  }

  return { server, call, stream, close: () => agent.destroy() }
}

interface Target {
  readonly host: string
  readonly port: number
  readonly base: string
  readonly headers: Readonly<Record<string, string>>
}

interface Answer {
  readonly status: number
  readonly body: string
  readonly retryAfter: string | undefined
}

interface Timer {
  /** From now on, this many milliseconds. */
  start(limit: number): void
  /** No limit any more, and signals are no longer listened to. */
  end(): void
}

/** One try, until the headers are there. The caller ends the timer when it has read what it wants. */
async function open(
  agent: Agent,
  { host, port, base, headers }: Target,
  { method, path, body, contentType = 'application/json' }: ApiRequest,
  { timeout, signals }: { readonly timeout: number; readonly signals: readonly AbortSignal[] },
): Promise<{ readonly response: IncomingMessage; readonly timer: Timer }> {
  for (const signal of signals) signal.throwIfAborted()
  return await new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const content = payload && { 'content-type': contentType, 'content-length': payload.length }
    const request = httpsRequest({ agent, host, port, method, path: base + path, headers: { ...headers, ...content } })
    // Once there is an answer, it is what fails: the request's own end would only say "aborted".
    let ongoing: { destroy(error: Error): unknown } = request
    const timer = startTimer(timeout, signals, (error) => ongoing.destroy(error))
    request.on('response', (response) => {
      ongoing = response
      resolve({ response, timer })
    })
    request.on('error', (error) => {
      timer.end()
      reject(new FailedTry(error, request.reusedSocket))
    })
    request.end(payload)
  })
}

function startTimer(timeout: number, signals: readonly AbortSignal[], destroy: (error: Error) => void): Timer {
  let running: NodeJS.Timeout | undefined
  const abort = () => destroy(new Error('aborted'))
  const timer = {
    start(limit: number) {
      clearTimeout(running)
      running = setTimeout(() => destroy(new Error(`nothing came within ${limit / 1000} s`)), limit)
    },
    end() {
      clearTimeout(running)
      for (const signal of signals) signal.removeEventListener('abort', abort)
    },
  }
  timer.start(timeout)
  for (const signal of signals) signal.addEventListener('abort', abort, { once: true })
  return timer
}

/** A failed try and whether its connection had been used before. Never leaves this file. */
class FailedTry extends Error {
  readonly reused: boolean

  constructor(cause: Error, reused: boolean) {
    super(cause.message, { cause })
    this.reused = reused
  }
}

/** The server closed an idle connection just as it was taken up again (Node's documentation of `request.reusedSocket`). */
function isRepeatable({ method }: ApiRequest, error: unknown): boolean {
  if (method === 'POST' || method === 'PATCH' || !(error instanceof FailedTry) || !error.reused) return false
  return error.cause instanceof Error && 'code' in error.cause && (error.cause.code === 'ECONNRESET' || error.cause.code === 'EPIPE')
}

/** Milliseconds after which the server asked to be called again (priority and fairness does). */
function pauseAskedFor({ status, retryAfter }: Answer): number | undefined {
  const seconds = Number.parseInt(retryAfter ?? '', 10)
  return status === 429 && seconds >= 0 ? seconds * 1000 : undefined
}

async function* readChunks(
  response: IncomingMessage,
  { timer, silence, failure }: { readonly timer: Timer; readonly silence: number; readonly failure: (error: unknown) => unknown },
): AsyncIterable<string> {
  response.setEncoding('utf8')
  try {
    for await (const chunk of response) {
      timer.start(silence)
      yield String(chunk)
    }
  } catch (error) {
    throw failure(error)
  } finally {
    timer.end()
    response.destroy()
  }
}
