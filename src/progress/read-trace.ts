/** From the text of a trace file back to what is drawn: only what kadm wrote itself is understood. Pure. */
import { fieldOf } from '../json.ts'
import { pathName, traceVersion } from './trace-file.ts'

export interface ReadTrace {
  /** `command`, `outcome`, `startedAt`, `version`. */
  readonly about: Readonly<Record<string, string>>
  /** Microseconds from the start of the program to the last end. */
  readonly length: number
  /** In the order of time. */
  readonly path: readonly Bar[]
  readonly hosts: readonly HostLanes[]
}

export interface HostLanes {
  readonly name: string
  readonly lanes: readonly { readonly name: string; readonly bars: readonly Bar[]; readonly marks: readonly Bar[] }[]
}

/** `dur` is 0 for what was only said. Microseconds. */
export interface Bar {
  readonly name: string
  readonly category: string
  readonly ts: number
  readonly dur: number
  /** `host`, `of`, `outcome`, `needs`, `reason`, `meanwhile`: words for people. */
  readonly args: Readonly<Record<string, readonly string[]>>
}

interface TraceEvent extends Bar {
  readonly ph: string
  readonly pid: number
  readonly tid: number
}

/** @throws Error when the text is not a trace that kadm wrote */
export function readTrace(text: string): ReadTrace {
  const parsed: unknown = JSON.parse(text)
  const about = wordsOf(fieldOf(parsed, 'otherData'))
  if (about['apiVersion'] !== traceVersion || about['kind'] !== 'Trace')
    throw new Error(`it does not say that it is a Trace of ${traceVersion}`)
  const list = fieldOf(parsed, 'traceEvents')
  if (!Array.isArray(list)) throw new Error('it has no traceEvents')
  const events = list.map(eventOf)
  const names = (what: string): ReadonlyMap<string, string> =>
    new Map(
      events.filter(({ ph, name }) => ph === 'M' && name === what).map(({ pid, tid, args }) => [`${pid} ${tid}`, args['name']?.[0] ?? '']),
    )
  const [processes, threads] = [names('process_name'), names('thread_name')]
  const drawn = events.filter(({ ph }) => ph === 'X' || ph === 'i')
  const byLane = Map.groupBy(drawn, ({ pid, tid }) => `${pid} ${tid}`)
  const lanesByProcess = Map.groupBy(threads, ([key]) => key.split(' ')[0])
  const laneOf = ([key, name]: readonly [string, string]): HostLanes['lanes'][number] => {
    const own = byLane.get(key) ?? []
    return { name, bars: own.filter(({ ph }) => ph === 'X'), marks: own.filter(({ ph }) => ph === 'i') }
  }
  const hosts = Array.from(processes, ([key, name]) => ({ name, lanes: (lanesByProcess.get(key.split(' ')[0]) ?? []).map(laneOf) }))
  return {
    about,
    length: drawn.reduce((latest, { ts, dur }) => Math.max(latest, ts + dur), 1),
    path: hosts.find(({ name }) => name === pathName)?.lanes.flatMap(({ bars }) => bars) ?? [],
    hosts: hosts.filter(({ name, lanes }) => name !== pathName && lanes.length > 0),
  }
}

function eventOf(value: unknown): TraceEvent {
  const text = (name: string): string => String(fieldOf(value, name) ?? '')
  const number = (name: string): number => {
    const found = fieldOf(value, name) ?? 0
    if (typeof found !== 'number' || !Number.isFinite(found) || found < 0) throw new Error(`an event has "${String(found)}" as its ${name}`)
    return found
  }
  const args = Object.fromEntries(
    Object.entries(recordOf(fieldOf(value, 'args'))).map(([name, words]) => [name, [words].flat().map(String)]),
  )
  return {
    ph: text('ph'),
    name: text('name'),
    category: text('cat'),
    ts: number('ts'),
    dur: number('dur'),
    pid: number('pid'),
    tid: number('tid'),
    args,
  }
}

function wordsOf(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(recordOf(value)).map(([name, word]) => [name, String(word)]))
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
