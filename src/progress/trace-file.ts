/**
 * A recorded run in the Trace Event Format, which chrome://tracing and Perfetto read: a process for each host, a thread for each lane of
 * what runs side by side, one more process for the critical path. Times are microseconds since the program was started. Pure.
 */
import { ownName } from '../fleet/fleet-run.ts'
import { pathOfRun } from './trace-path.ts'
import type { Recorded, Span } from './trace-recorder.ts'

export interface TraceAbout {
  /** `apply`, `join`. */
  readonly command: string
  readonly outcome: 'done' | 'failed'
  /** RFC 3339: when the program was started. */
  readonly startedAt: string
  /** Of kadm. */
  readonly version: string
}

/** Name of the process that holds the critical path. */
export const pathName = 'critical path'

export const traceVersion = 'kadm.dev/v1alpha1'

export function traceFile(recorded: Recorded, about: TraceAbout): string {
  const { spans, marks } = recorded
  const hosts = [ownName, ...new Set(spans.map(({ host }) => host).filter((host) => host !== ownName))]
  const events: object[] = [...processName(1, pathName), threadName(1, 1, pathName)]
  for (const { host, name, begin, end, inside } of pathOfRun(recorded)) {
    const meanwhile = inside.map((one) => `${one.name}: ${(one.duration / 1000).toFixed(3)} s`)
    events.push({
      ...during({ begin, end }),
      name: `${host} ${name}`,
      cat: 'path',
      pid: 1,
      tid: 1,
      args: { host, name, ...(meanwhile.length > 0 && { meanwhile }) },
    })
  }
  hosts.forEach((host, index) => {
    const pid = index + 2
    events.push(...processName(pid, host))
    let tid = 0
    const own = spans.filter((span) => span.host === host)
    for (const kind of ['action', 'phase', 'call'] as const) {
      for (const lane of lanes(own.filter((span) => span.kind === kind))) {
        tid += 1
        const keys = new Set(lane.map(({ name }) => `${host}:${name}`))
        const waits =
          kind === 'call'
            ? []
            : own.filter((span) => span.kind === 'wait' && keys.has(span.of ?? '') && lane.some((one) => isPartOf(span, one)))
        events.push(threadName(pid, tid, `${kind}s`), ...[...lane, ...waits].map((span) => ({ ...spanEvent(span), pid, tid })))
        if (kind === 'call') continue
        const said = marks.filter((mark) => mark.host === host && keys.has(`${host}:${mark.phase}`))
        events.push(
          ...said.map(({ text, at, phase }) => ({
            ph: 'i',
            s: 't',
            name: text,
            cat: 'line',
            ts: microseconds(at),
            pid,
            tid,
            args: { phase },
          })),
        )
      }
    }
  })
  return `{"traceEvents":[\n${events.map((event) => JSON.stringify(event)).join(',\n')}\n],"displayTimeUnit":"ms","otherData":${JSON.stringify({ apiVersion: traceVersion, kind: 'Trace', ...about })}}\n`
}

/** The first lane that is free for each; what overlaps stands in lanes of its own, since nothing may overlap within a thread. */
function lanes(spans: readonly Span[]): readonly (readonly Span[])[] {
  const made: Span[][] = []
  for (const span of spans.toSorted((a, b) => a.begin - b.begin)) {
    const free = made.find((lane) => (lane.at(-1)?.end ?? 0) <= span.begin)
    if (free === undefined) made.push([span])
    else free.push(span)
  }
  return made
}

function isPartOf(inner: Span, outer: Span): boolean {
  return inner.of === `${outer.host}:${outer.name}` && inner.begin >= outer.begin && inner.end <= outer.end
}

function spanEvent(span: Span): object {
  const { kind, name, of, outcome, needs, reason } = span
  const args = {
    ...(of !== undefined && { of }),
    outcome,
    ...(needs.length > 0 && { needs }),
    ...(reason !== undefined && reason !== '' && { reason }),
  }
  return { ...during(span), name, cat: kind, args }
}

/** Both ends are rounded alike: what lies within another still does. */
function during({ begin, end }: Pick<Span, 'begin' | 'end'>): object {
  return { ph: 'X', ts: microseconds(begin), dur: microseconds(end) - microseconds(begin) }
}

function microseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1000)
}

function processName(pid: number, name: string): readonly object[] {
  return [
    { ph: 'M', name: 'process_name', pid, tid: 0, args: { name } },
    { ph: 'M', name: 'process_sort_index', pid, tid: 0, args: { sort_index: pid } },
  ]
}

function threadName(pid: number, tid: number, name: string): object {
  return { ph: 'M', name: 'thread_name', pid, tid, args: { name } }
}
