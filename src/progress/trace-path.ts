/** The critical path of a recorded run. Pure. */
import { ownName } from '../fleet/fleet-run.ts'
import { criticalPath, type Stretch, type Work } from './critical-path.ts'
import type { Recorded, Span } from './trace-recorder.ts'

export interface PathStep {
  readonly host: string
  /** A phase, or what an action or kadm itself did outside of phases. */
  readonly name: string
  /** Milliseconds since the program was started. */
  readonly begin: number
  readonly end: number
  /** What it did or waited for meanwhile, longest first: milliseconds of the step. */
  readonly inside: readonly { readonly name: string; readonly duration: number }[]
}

/** From the start of the program to the end of the recording, without gap or overlap. */
export function pathOfRun({ spans, end }: Recorded): readonly PathStep[] {
  const places = spans.flatMap((span, index) => (span.kind === 'action' || span.kind === 'phase' ? [{ span, key: String(index) }] : []))
  const keysByName = Map.groupBy(places, ({ span }) => `${span.host}:${span.name}`)
  const keysOf = (names: readonly string[]): readonly string[] => names.flatMap((name) => keysByName.get(name)?.map(({ key }) => key) ?? [])
  const actions = places.filter(({ span }) => span.kind === 'action')
  const ownSteps = actions.filter(({ span }) => span.host === ownName)
  const steps = new Map<string, Omit<PathStep, 'begin' | 'end' | 'inside'>>([['run', { host: ownName, name: 'end of the program' }]])
  const works: Work[] = [{ key: 'run', begin: 0, end, needs: actions.map(({ key }) => key) }]
  const add = (work: Work, host: string, name: string): void => {
    works.push(work)
    steps.set(work.key, { host, name })
  }
  for (const { span, key } of actions) {
    const children = places.filter((place) => place.span.kind === 'phase' && isWithin(place.span, span))
    const needs = keysOf(span.needs)
    const earlier = ownSteps.filter((own) => own.key !== key && own.span.end <= span.begin).map((own) => own.key)
    const start: Work = { key: `before ${key}`, begin: span.begin, end: span.begin, needs: [...needs, ...earlier] }
    const outside = children.length === 0 ? span.name : `${span.name}, outside of its phases`
    add(start, ownName, earlier.length === 0 && needs.length === 0 ? 'start of the program' : `before ${span.name} of ${span.host}`)
    add({ key, begin: span.begin, end: span.end, needs: [start.key, ...needs, ...children.map((child) => child.key)] }, span.host, outside)
    for (const child of children) {
      // What comes first in its action comes after what the action did before, be it another workflow.
      const earlierOnes = children
        .filter((other) => other.key !== child.key && other.span.end <= child.span.begin)
        .map((other) => other.key)
      const lead: Work = {
        key: `lead ${child.key}`,
        begin: span.begin,
        end: child.span.begin,
        needs: [start.key, ...needs, ...earlierOnes],
      }
      const own = keysOf([...child.span.needs, ...unlistedNeeds(child.span, spans)])
      add(lead, span.host, outside)
      add(
        {
          key: child.key,
          begin: child.span.begin,
          end: child.span.end,
          needs: [...own, ...needs, ...(keysOf(child.span.needs).length === 0 ? [lead.key] : [])],
        },
        child.span.host,
        child.span.name,
      )
    }
  }
  return joined(criticalPath(works, 'run', 0), steps).map((step) => ({ ...step, inside: insideOf(step, spans) }))
}

function isWithin(phase: Span, action: Span): boolean {
  return phase.host === action.host && phase.name.startsWith(`${action.name}/`) && phase.begin >= action.begin && phase.end <= action.end
}

/** What phases wait for that their lists do not say: names without the action, and on which host. */
const unlisted: readonly { readonly phase: string; readonly waitsFor: string; readonly on: 'same' | 'others' }[] = [
  // etcd takes one new member at a time: who comes second waits for the vote of the first.
  { phase: 'etcd-join/member', waitsFor: 'etcd-join/voter', on: 'others' },
  // Both are started together, and an API server gives no answer before the etcd beside it does.
  { phase: 'wait-control-plane/api', waitsFor: 'etcd-join/voter', on: 'same' },
]

function unlistedNeeds({ host, name }: Span, spans: readonly Span[]): readonly string[] {
  return unlisted
    .filter(({ phase }) => name.endsWith(`/${phase}`))
    .flatMap(({ waitsFor, on }) =>
      spans.filter((other) => other.name.endsWith(`/${waitsFor}`) && (other.host === host) === (on === 'same')),
    )
    .map((other) => `${other.host}:${other.name}`)
}

/** Stretches as steps; two of the same name that follow each other as one. */
function joined(
  stretches: readonly Stretch[],
  steps: ReadonlyMap<string, Omit<PathStep, 'begin' | 'end' | 'inside'>>,
): readonly Omit<PathStep, 'inside'>[] {
  const path: Omit<PathStep, 'inside'>[] = []
  for (const { key, begin, end } of stretches) {
    const step = steps.get(key) ?? { host: ownName, name: key }
    const before = path.at(-1)
    if (before?.host === step.host && before.name === step.name) path[path.length - 1] = { ...before, end }
    else path.push({ ...step, begin, end })
  }
  return path
}

/** Of what went on meanwhile: how many, and the least share of the step. */
const shown = { most: 4, leastShare: 0.05 }

function insideOf({ host, name, begin, end }: Omit<PathStep, 'inside'>, spans: readonly Span[]): PathStep['inside'] {
  const overlaps = spans
    .filter((span) => (span.kind === 'wait' || span.kind === 'call') && span.of === `${host}:${name}`)
    .map((span) => ({
      name: span.host === host ? span.name : `${span.name} (${span.host})`,
      duration: Math.min(end, span.end) - Math.max(begin, span.begin),
    }))
    .filter(({ duration }) => duration > 0)
  const byName = Map.groupBy(overlaps, (one) => one.name)
  const summed = Array.from(byName, ([text, all]) => ({ name: text, duration: all.reduce((sum, { duration }) => sum + duration, 0) }))
  return summed
    .filter(({ duration }) => duration >= shown.leastShare * (end - begin))
    .toSorted((a, b) => b.duration - a.duration)
    .slice(0, shown.most)
}
