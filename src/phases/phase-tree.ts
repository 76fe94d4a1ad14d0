/** A workflow as a flat list of steps with full names (`certs/ca`), which of them run, and what each of them waits for. Pure. */
import { nearestName } from '../config/nearest-name.ts'
import { KadmError } from '../errors.ts'
import type { Phase } from './phase.ts'

export interface Step<Run> {
  /** Full name, e.g. `certs/etcd-ca`. */
  readonly name: string
  readonly phase: Phase<Run>
  readonly parent: string | undefined
  /** Full names of steps in the same selection. */
  readonly needs: readonly string[]
}

export interface Selection {
  /** Full names: only these and what they hold. Not given: all. */
  readonly only?: readonly string[]
  /** Full names: these and what they hold are left out. */
  readonly except?: readonly string[]
}

/**
 * The steps that a selection runs, in the order of the list, each with its needs within the selection.
 *
 * A need that is left out is replaced by what it needs itself, so that leaving a step out never lets a later one start too early.
 * @throws KadmError PHASE_UNKNOWN for a name that no phase has, PHASE_DEPENDENCY when a step is left out that another one depends on.
 */
export function selectSteps<Run>(phases: readonly Phase<Run>[], { only, except = [] }: Selection = {}): readonly Step<Run>[] {
  const all = flatten(phases)
  const names = new Set(all.map((step) => step.name))
  for (const name of [...(only ?? []), ...except]) if (!names.has(name)) throw unknownPhase(name, names)
  const chosen = all.filter(
    ({ name }) => (only === undefined || only.some((one) => within(name, one))) && !except.some((one) => within(name, one)),
  )
  refuseMissingDependencies(chosen)
  const byName = new Map(all.map((step) => [step.name, step]))
  const kept = new Set(chosen.map((step) => step.name))
  return chosen.map((step) => ({ ...step, needs: resolve(step.needs, byName, kept) }))
}

/** Every step of a workflow, with needs as the list says them (a parent's name stands for all that it holds). */
export function flatten<Run>(phases: readonly Phase<Run>[], parent?: Step<Run>): readonly Step<Run>[] {
  const steps: Step<Run>[] = []
  let before: string | undefined
  for (const phase of phases) {
    const name = parent === undefined ? phase.name : `${parent.name}/${phase.name}`
    const own = phase.needs ?? (before === undefined ? [] : [before])
    const step = { name, phase, parent: parent?.name, needs: parent === undefined ? own : [...own, ...parent.needs, `${parent.name}/`] }
    steps.push(step, ...flatten(phase.phases ?? [], step))
    before = name
  }
  return steps
}

/** A parent's own step is written `certs/`: with the stroke it does not stand for its children. */
function resolve<Run>(needs: readonly string[], all: ReadonlyMap<string, Step<Run>>, kept: ReadonlySet<string>): readonly string[] {
  const found = new Set<string>()
  const seen = new Set<string>()
  const follow = (need: string): void => {
    if (seen.has(need)) return
    seen.add(need)
    const alone = need.endsWith('/')
    const name = alone ? need.slice(0, -1) : need
    if (!all.has(name)) throw new Error(`a phase needs "${need}", which is not in the workflow`)
    for (const step of all.values()) {
      if (alone ? step.name !== name : !within(step.name, name)) continue
      if (kept.has(step.name)) found.add(step.name)
      else step.needs.forEach(follow)
    }
  }
  needs.forEach(follow)
  return [...found]
}

function refuseMissingDependencies<Run>(steps: readonly Step<Run>[]): void {
  const kept = new Set(steps.map((step) => step.name))
  const missing = steps.flatMap(({ name, phase }) =>
    (phase.dependencies ?? []).filter((dependency) => !kept.has(dependency)).map((dependency) => ({ name, dependency })),
  )
  const [first] = missing
  if (first === undefined) return
  throw new KadmError(
    'PHASE_DEPENDENCY',
    `phase "${first.name}" depends on ${missing.map(({ dependency }) => `"${dependency}"`).join(', ')}, left out by --skip-phases`,
    {
      remedy: [
        `leave "${first.name}" out too: --skip-phases=${[...new Set(missing.map(({ dependency }) => dependency)), first.name].join(',')}`,
      ],
    },
  )
}

function within(name: string, ancestor: string): boolean {
  return name === ancestor || name.startsWith(`${ancestor}/`)
}

function unknownPhase(name: string, known: ReadonlySet<string>): KadmError {
  const near = nearestName(name, [...known]) ?? [...known].find((one) => nearestName(name, [one.split('/').at(-1) ?? '']) !== undefined)
  return new KadmError('PHASE_UNKNOWN', `no phase is named "${name}"${near === undefined ? '' : `; is "${near}" meant?`}`, {
    remedy: [`use one of: ${[...new Set([near ?? [], ...known].flat())].join(', ')}`],
  })
}
