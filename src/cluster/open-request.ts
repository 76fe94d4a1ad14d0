/** One HTTPS request, until its headers are there, with a time limit and abort signals. */
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest, type Agent } from 'node:https'

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  readonly contentType?: string
  readonly signal?: AbortSignal | undefined
}

export interface Target {
  readonly host: string
  readonly port: number
  readonly base: string
  readonly headers: Readonly<Record<string, string>>
}

export interface Timer {
  /** From now on, this many milliseconds. */
  start(limit: number): void
  /** No limit until the next start. */
  pause(): void
  /** No limit any more, and signals are no longer listened to. */
  end(): void
}

/** One try, until the headers are there. The caller ends the timer when it has read what it wants. */
export async function openRequest(
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

/** A failed try and whether its connection had been used before. Never leaves `request.ts`. */
export class FailedTry extends Error {
  readonly reused: boolean

  constructor(cause: Error, reused: boolean) {
    super(cause.message, { cause })
    this.reused = reused
  }
}

function startTimer(timeout: number, signals: readonly AbortSignal[], destroy: (error: Error) => void): Timer {
  let running: NodeJS.Timeout | undefined
  const abort = () => destroy(new Error('aborted'))
  const timer = {
    start(limit: number) {
      clearTimeout(running)
      running = setTimeout(() => destroy(new Error(`nothing came within ${limit / 1000} s`)), limit)
    },
    pause() {
      clearTimeout(running)
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
