/** Is a line of `--events` as docs/events.md says? That page is made from the tables that this reads. */
import { eventKinds, eventVersion, everyEventHas, someEventsHave } from '../../src/progress/event-lines.ts'

/** What is wrong with any of the lines; `kinds`: those that occurred. */
export function checkEvents(stdout: string): { readonly problems: readonly string[]; readonly kinds: readonly string[] } {
  const events = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ line, event: parsed(line) }))
  const kinds = new Set(events.map(({ event }) => String(event['event'])))
  return {
    problems: events.flatMap(({ line, event }) => problemsOf(event).map((problem) => `${problem}: ${line}`)),
    kinds: [...kinds].toSorted(),
  }
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>
  } catch {
    return {}
  }
}

function problemsOf(event: Readonly<Record<string, unknown>>): readonly string[] {
  const kind = Object.entries(eventKinds).find(([name]) => name === event['event'])?.[1]
  if (kind === undefined) return ['no kind of event']
  const must = [...Object.keys(everyEventHas), ...kind.has]
  const may = new Set<string>([...must, ...(kind.mayHave ?? [])])
  const types = { ...everyEventHas, ...someEventsHave }
  return [
    ...must.filter((name) => event[name] === undefined).map((name) => `no ${name}`),
    ...Object.entries(event).flatMap(([name, value]) => {
      if (!may.has(name)) return [`${name} is not documented for it`]
      const wanted = Object.entries(types).find(([known]) => known === name)?.[1].type
      const isRight =
        wanted === 'string' ? typeof value === 'string' : Array.isArray(value) && value.every((one) => typeof one === 'string')
      return isRight ? [] : [`${name} is no ${wanted}`]
    }),
    ...(event['apiVersion'] === eventVersion && event['kind'] === 'Event' ? [] : ['another apiVersion or kind']),
    ...(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(String(event['at'])) ? [] : ['at is not RFC 3339']),
  ]
}
