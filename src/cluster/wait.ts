/** Waits with a deadline, which say what they wait for, since when, and what they last saw. */
import { KadmError, messageOf, type ErrorCode } from '../errors.ts'
import { instant } from '../host/instant.ts'
import { longerPause, monotonicClock, type Clock } from '../host/wait.ts'
import type { Cluster, KubernetesObject, ObjectKind } from './cluster.ts'
import { describeRef } from './kinds.ts'

export interface TimeLimit {
  /** Milliseconds. */
  readonly timeout: number
  readonly signal?: AbortSignal | undefined
}

export interface RetryOptions extends TimeLimit {
  /** What is waited for: completes "waited 60 s for …". */
  readonly describe: string
  /** Failures after which there is no sense in another try; they are thrown as they are. */
  readonly giveUp?: (error: unknown) => boolean
  readonly clock?: Clock
}

/**
 * Calls `attempt` until it does not throw; pauses grow from 20 ms to 500 ms, kubeadm's fixed one. Throws the signal's reason, or at the
 * deadline a KadmError that names the last failure, also when a try hangs.
 */
export async function retryUntil<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { timeout, signal, describe, giveUp = () => false, clock = monotonicClock } = options
  const [start, since] = [clock.now(), new Date()]
  let last: unknown
  for (let pause = 20; ; pause = longerPause(pause, 500)) {
    const left = timeout - (clock.now() - start)
    if (left <= 0) throw waitedTooLong({ describe, timeout, since, last })
    try {
      return await within(attempt, left, signal, clock)
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      if (error !== tooLate) {
        if (giveUp(error)) throw error
        last = error
      }
    }
    await clock.sleep(Math.max(0, Math.min(pause, timeout - (clock.now() - start))), signal)
  }
}

/**
 * Waits by watch until the object is there and `isReady`; resolves with it. In a recording, where nothing will ever come, it fails at once.
 */
export async function waitForObject(
  cluster: Cluster,
  { name, ...kind }: ObjectKind & { readonly name: string },
  isReady: (object: KubernetesObject) => boolean,
  { timeout, signal, describe = describeRef({ ...kind, name }) }: TimeLimit & { readonly describe?: string },
): Promise<KubernetesObject> {
  const [start, since] = [monotonicClock.now(), new Date()]
  let last: unknown
  const deadline = AbortSignal.timeout(timeout)
  const either = signal ? AbortSignal.any([signal, deadline]) : deadline
  const events = cluster.watch(kind, { fieldSelector: `metadata.name=${name}`, signal: either, onFailure: (error) => (last = error) })
  for await (const { type, object } of events) {
    if (type !== 'DELETED' && isReady(object)) return object
    last = new Error(type === 'DELETED' ? 'it was deleted' : 'it is there, but not as it should be')
  }
  if (signal?.aborted) throw signal.reason
  throw waitedTooLong({
    describe,
    timeout: Math.min(timeout, monotonicClock.now() - start),
    since,
    last: last ?? new Error('it is not there'),
  })
}

const tooLate = new Error('too late')

/** The result of the try, or a rejection when time is over or the signal fires; a try that hangs is left alone. */
async function within<T>(attempt: () => Promise<T>, left: number, signal: AbortSignal | undefined, clock: Clock): Promise<T> {
  signal?.throwIfAborted()
  const ended = new AbortController()
  const limit = AbortSignal.any(signal ? [signal, ended.signal] : [ended.signal])
  try {
    const result = attempt()
    const end = clock.sleep(left, limit)
    return await Promise.race([result, end.then(() => Promise.reject(tooLate))])
  } finally {
    ended.abort(tooLate)
  }
}

function waitedTooLong({ describe, timeout, since, last }: { describe: string; timeout: number; since: Date; last: unknown }): KadmError {
  const text = `waited ${formatSeconds(timeout)} s for ${describe} (since ${instant(since)}): ${last === undefined ? 'no answer' : messageOf(last)}`
  const code: ErrorCode = last instanceof KadmError ? last.code : 'COMPONENT_NOT_HEALTHY'
  const remedy = last instanceof KadmError ? last.remedy : defaultRemedy
  return new KadmError(code, text, { remedy, cause: last, details: last instanceof KadmError ? last.details : [] })
}

const defaultRemedy = ['journalctl -xeu kubelet', 'crictl ps -a', 'run the command again: what is done already is kept'] as const

function formatSeconds(milliseconds: number): string {
  return String(Math.round(milliseconds / 100) / 10)
}
