/** Waiting for something on a host: a deadline, a signal, short growing intervals, and what was last seen for the one who asks why. */
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../errors.ts'
import type { Host, Recording } from './host.ts'

export interface WaitOptions<T> {
  /** What is waited for, as the plan and the screen show it: `https://127.0.0.1:6443/livez`. */
  readonly what: string
  /** One look. What it throws counts as "not yet", and its message as what was seen. */
  readonly look: (signal: AbortSignal) => Promise<Look<T>>
  /** Milliseconds. */
  readonly timeout: number
  /** Milliseconds between looks: the first, and what it grows to. Default 20 and 250. */
  readonly interval?: { readonly first: number; readonly most: number }
  readonly signal?: AbortSignal | undefined
  /** Called when what is seen changes: `<what>: connection refused`. */
  readonly onWaiting?: ((text: string) => void) | undefined
  /**
   * The error to throw after the time is up; it may look for the reason, such as the end of a component's log. `error`: what the look that
   * was the last one threw, if it did.
   */
  readonly timedOut: (last: string, error?: unknown) => Error | Promise<Error>
  readonly clock?: Clock
}

export type Look<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'not-yet'; readonly seen: string; readonly error?: unknown }

export interface Clock {
  /** Milliseconds that only grow: setting the machine's time must not end a wait. */
  now(): number
  /** Throws the signal's reason. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

export const monotonicClock: Clock = {
  now: () => performance.now(),
  sleep: pauseFor,
}

/** Throws the signal's reason: an AbortError in its place would look like a fault of kadm's. */
export async function pauseFor(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(milliseconds, undefined, signal && { signal }).catch(() => signal?.throwIfAborted())
}

/** The pause after this one, in milliseconds. */
export function longerPause(pause: number, most: number): number {
  return Math.min(pause * 1.5, most)
}

/**
 * The value of the look that was done; `undefined` on a recording host, which only notes the wait: `{}` in its place waits in any case.
 * Throws what `timedOut` makes, or the signal's reason.
 */
export async function waitUntil<T>(host: { readonly recording?: undefined }, options: WaitOptions<T>): Promise<T>
export async function waitUntil<T>(host: Pick<Host, 'recording'>, options: WaitOptions<T>): Promise<T | undefined>
export async function waitUntil<T>(host: { readonly recording?: Recording | undefined }, options: WaitOptions<T>): Promise<T | undefined> {
  if (host.recording !== undefined) {
    host.recording.wouldWaitFor(options.what)
    return undefined
  }
  const { what, timeout, interval = { first: 20, most: 250 }, signal, clock = monotonicClock } = options
  const deadline = clock.now() + timeout
  let last = 'nothing yet'
  let error: unknown
  for (let pause = interval.first; ; pause = longerPause(pause, interval.most)) {
    signal?.throwIfAborted()
    const found = await lookOnce(options, Math.max(1, deadline - clock.now()))
    if (found.kind === 'done') return found.value
    signal?.throwIfAborted()
    const left = deadline - clock.now()
    // A last look that the deadline cut off says less than the one before it.
    // Node's timers may be a millisecond early.
    if (left > 1 || last === 'nothing yet') {
      if (found.seen !== last) options.onWaiting?.(`${what}: ${found.seen}`)
      last = found.seen
      error = found.error
    }
    if (left <= 0) throw await options.timedOut(last, error)
    await clock.sleep(Math.min(pause, left), signal)
  }
}

/** The longest that one look may take: a connection that hangs must not use up the whole wait. */
const longestLook = 10_000

async function lookOnce<T>({ look, signal }: WaitOptions<T>, left: number): Promise<Look<T>> {
  const limit = AbortSignal.timeout(Math.min(Math.ceil(left), longestLook))
  try {
    return await look(signal === undefined ? limit : AbortSignal.any([signal, limit]))
  } catch (error) {
    return limit.aborted ? { kind: 'not-yet', seen: 'no answer in time' } : { kind: 'not-yet', seen: messageOf(error), error }
  }
}
