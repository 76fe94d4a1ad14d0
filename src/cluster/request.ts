/** HTTPS requests to one server, of Kubernetes or etcd: time limits, abort, and the two repeats that are always safe. */
import type { IncomingMessage } from 'node:http'
import type { KadmError } from '../errors.ts'
import { pauseFor } from '../host/wait.ts'
import { unreachable } from './api-error.ts'
import { atMost } from './at-most.ts'
import { connectionPool, type PoolOptions } from './connection-pool.ts'
import { FailedTry, openRequest, type ApiRequest, type Target, type Timer } from './open-request.ts'
import { urlHost } from '../host/url-host.ts'

export interface RequesterOptions extends PoolOptions {
  /** `https://host:port`, with a path before the API's own if there is one. */
  readonly server: string
  /** Bearer token. */
  readonly token?: string | undefined
  /** Ends every call. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds that one call may take from start to last byte; default 10_000, as kubeadm's. */
  readonly timeout?: number
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

/** Nothing is sent before the first call. */
export function requester(options: RequesterOptions): Requester {
  const url = new URL(options.server)
  const target: Target = {
    host: urlHost(url),
    port: Number(url.port || 443),
    base: url.pathname.replace(/\/$/, ''),
    headers: {
      accept: 'application/json',
      // Also the field manager of what is written.
      'user-agent': 'kadm',
      ...(options.token && { authorization: `Bearer ${options.token}` }),
    },
  }
  const agent = connectionPool(target, options)
  // Not more connections: 30 objects at once on 2 cores, the API server beside, take 111 ms over one, 62 over 8, 100 over 64, as each
  // costs a handshake. The agent's own `maxSockets` does not count those that are still being dialled. Streams stay apart: they last.
  const inTurn = atMost(8)
  const timeout = options.timeout ?? 10_000
  const server = url.origin
  const { noAnswer = unreachable } = options

  const signalsOf = ({ signal }: ApiRequest) => [signal, options.signal].filter((each) => each !== undefined)
  const failure = (request: ApiRequest, error: unknown): unknown =>
    signalsOf(request).find((each) => each.aborted)?.reason ?? noAnswer(server, error instanceof FailedTry ? error.cause : error)

  async function once(request: ApiRequest): Promise<Answer> {
    const { response, timer } = await openRequest(agent, target, request, { timeout, signals: signalsOf(request) })
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
    const deadline = performance.now() + timeout
    for (let attempt = 1; ; attempt++) {
      let answer: Answer
      try {
        answer = await inTurn(() => once(request))
      } catch (error) {
        if (attempt < 5 && isRepeatable(request, error)) continue
        throw failure(request, error)
      }
      const pause = pauseAskedFor(answer)
      if (pause === undefined || attempt >= 5 || performance.now() + pause > deadline) return answer
      await pauseFor(pause, request.signal)
    }
  }

  async function stream(request: ApiRequest, silence: number) {
    try {
      const { response, timer } = await openRequest(agent, target, request, { timeout, signals: signalsOf(request) })
      timer.start(silence)
      return {
        status: response.statusCode ?? 0,
        chunks: readChunks(response, { timer, silence, failure: (error) => failure(request, error) }),
      }
    } catch (error) {
      throw failure(request, error)
    }
  }

  return { server, call, stream, close: () => agent.destroy() }
}

interface Answer {
  readonly status: number
  readonly body: string
  readonly retryAfter: string | undefined
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
      // How long the reader takes is no silence of the server's.
      timer.pause()
      yield String(chunk)
      timer.start(silence)
    }
  } catch (error) {
    throw failure(error)
  } finally {
    timer.end()
    response.destroy()
  }
}
