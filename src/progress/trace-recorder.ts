/**
 * Turns the events of a run and the timed calls of its hosts into spans of time. Listens only: it writes nothing, and no secret comes into
 * it.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { messageOf } from '../errors.ts'
import { ownName, type FleetEvent, type WithinHost } from '../fleet/fleet-run.ts'
import { redact } from '../host/redact.ts'
import type { CallTimer } from '../host/timed-host.ts'
import type { PhaseEvent } from '../phases/phase.ts'

/** Times are milliseconds since the program was started. */
export interface Span {
  /**
   * `action`: a whole workflow on a host, or a step of kadm itself; `wait`: what a phase last saw of what it waits for; `call`: of the
   * host.
   */
  readonly kind: 'action' | 'phase' | 'wait' | 'call'
  readonly host: string
  /** Full name of the phase, text of the wait or call. */
  readonly name: string
  /** What it is part of, as `needs` has it (`h1:join/kubelet-start`): of waits, and of calls where it is known. */
  readonly of?: string | undefined
  readonly begin: number
  readonly end: number
  readonly outcome: 'done' | 'failed' | 'skipped' | 'unfinished'
  /** `host:phase`: what it came after or waited for. */
  readonly needs: readonly string[]
  /** Why it failed or was left out. */
  readonly reason?: string
}

/** Something that was said. */
export interface Mark {
  readonly host: string
  readonly phase: string
  readonly text: string
  readonly at: number
}

export interface Recorded {
  readonly spans: readonly Span[]
  readonly marks: readonly Mark[]
  readonly end: number
}

export interface TraceRecorder {
  readonly hear: (event: FleetEvent) => void
  readonly within: WithinHost
  /** For `timedHost`. Calls of less than 1 ms are passed over. */
  readonly calls: (host: string) => CallTimer
  /** A step of kadm itself that no event tells of. */
  readonly during: <T>(name: string, work: () => Promise<T>) => Promise<T>
  /** All until now; what is still under way is `unfinished`. */
  readonly recorded: () => Recorded
}

type Open = { -readonly [Key in keyof Span]: Span[Key] }

/** @param now milliseconds that only grow */
export function traceRecorder(now: () => number): TraceRecorder {
  const spans: Open[] = []
  const marks: Mark[] = []
  const phases = new Map<string, Open>()
  const waits = new Map<string, Open>()
  const current = new AsyncLocalStorage<string>()

  const begin = (span: Pick<Span, 'kind' | 'host' | 'name'> & Partial<Span>): Open => {
    const open: Open = { needs: [], outcome: 'unfinished', begin: now(), end: Infinity, ...span }
    spans.push(open)
    return open
  }
  const end = (span: Open | undefined, outcome: Span['outcome'] = 'done', reason?: string): void => {
    if (span === undefined) return
    Object.assign(span, { end: now(), outcome, ...(reason !== undefined && { reason }) })
  }
  const beginPhase = (host: string, { phase, needs = [] }: { readonly phase: string; readonly needs?: readonly string[] }): Open => {
    const span = begin({
      kind: phase.includes('/') ? 'phase' : 'action',
      host,
      name: phase,
      needs: needs.map((need) => fullName(host, need)),
    })
    phases.set(fullName(host, phase), span)
    return span
  }
  const endPhase = (key: string, outcome: Span['outcome'], reason?: string): void => {
    end(phases.get(key), outcome, reason)
    phases.delete(key)
  }
  const hear = ({ host, event }: FleetEvent): void => {
    const { phase, kind } = event
    const key = fullName(host, phase)
    end(waits.get(key))
    waits.delete(key)
    if (kind === 'started') beginPhase(host, event)
    else if (kind === 'done') endPhase(key, 'done')
    else if (kind === 'failed') endPhase(key, 'failed', redact(messageOf(event.error)))
    else if (kind === 'skipped') end(beginPhase(host, event), 'skipped', event.reason)
    else if (kind === 'waiting') {
      const waiter = phases.get(key)
      if (waiter !== undefined) waiter.needs = [...waiter.needs, ...(event.needs ?? []).map((need) => fullName(host, need))]
      waits.set(key, begin({ kind: 'wait', host, name: redact(event.text), of: key }))
    } else if (isSaid(event)) marks.push({ host, phase, text: redact(event.text), at: now() })
  }
  return {
    hear,
    within: (host, phase, work) => current.run(fullName(host, phase), work),
    calls: (host) => (text) => {
      const call = begin({ kind: 'call', host, name: text, of: current.getStore() })
      return () => end(call)
    },
    during: async (name, work) => {
      const step = beginPhase(ownName, { phase: name })
      try {
        const result = await work()
        end(step)
        return result
      } catch (error) {
        end(step, 'failed', redact(messageOf(error)))
        throw error
      }
    },
    recorded: () => {
      const limit = now()
      const closed = spans.map((span) => ({ ...span, end: Math.min(span.end, limit) }))
      return { spans: closed.filter((span) => span.kind !== 'call' || span.end - span.begin >= 1), marks, end: limit }
    },
  }
}

/** A name alone is one of the host's own. */
function fullName(host: string, name: string): string {
  return name.includes(':') ? name : `${host}:${name}`
}

/** Results are what the command was run for: tokens are in them. */
function isSaid(event: PhaseEvent): event is PhaseEvent & { readonly kind: 'line' | 'warning' } {
  return event.kind === 'line' || event.kind === 'warning'
}
