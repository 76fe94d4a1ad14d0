/** Runs the phases of a workflow: each as soon as what it needs is done, side by side where nothing forbids it. */
import type { Phase, PhaseEvent, Within } from './phase.ts'
import { selectSteps, type Selection, type Step } from './phase-tree.ts'

export interface RunnerOptions extends Selection {
  /** The screen, the journal and the tests all listen here. Awaited where it returns a promise, so that a journal is ahead of the work. */
  readonly report: (event: PhaseEvent) => void | Promise<void>
  /** Each step is run inside of it. */
  readonly within?: Within | undefined
  readonly now: () => Date
  readonly signal: AbortSignal
}

/**
 * Runs what is selected. When a phase fails, those under way are told so by their signal and waited for, no other is started,
 * and the first failure is thrown.
 */
export async function runPhases<Run>(phases: readonly Phase<Run>[], run: Run, options: RunnerOptions): Promise<void> {
  const { within = (_phase, task) => task() } = options
  const steps = selectSteps(phases, options)
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const done = new Map<string, Promise<void>>()
  const failures: unknown[] = []

  for (const step of startOrder(steps)) {
    const needs = step.needs.map((name) => done.get(name))
    const work = Promise.all(needs).then(async () => {
      signal.throwIfAborted()
      await within(step.name, () => runStep(step, run, signal, options))
    })
    done.set(
      step.name,
      work.catch((error: unknown) => {
        failures.push(error)
        stop.abort(error)
        throw error
      }),
    )
  }
  await Promise.allSettled(done.values())
  if (failures.length > 0) throw failures[0]
}

async function runStep<Run>(
  { name, phase, needs }: Step<Run>,
  run: Run,
  signal: AbortSignal,
  { report, now }: RunnerOptions,
): Promise<void> {
  const reason = (await phase.skip?.(run)) ?? false
  if (reason !== false) {
    await report({ kind: 'skipped', phase: name, needs, reason, at: now() })
    return
  }
  await report({ kind: 'started', phase: name, needs, at: now() })
  const tell = (kind: 'line' | 'warning' | 'waiting' | 'result') => (text: string) => void report({ kind, phase: name, text, at: now() })
  try {
    await phase.run?.(run, { signal, say: tell('line'), warn: tell('warning'), waiting: tell('waiting'), result: tell('result') })
  } catch (error) {
    await report({ kind: 'failed', phase: name, error, at: now() })
    throw error
  }
  await report({ kind: 'done', phase: name, at: now() })
}

/** Needs first. A need may stand later in the list than what needs it: the list's order is for the user. */
function startOrder<Run>(steps: readonly Step<Run>[]): readonly Step<Run>[] {
  const byName = new Map(steps.map((step) => [step.name, step]))
  const ordered = new Set<Step<Run>>()
  const path: string[] = []
  const visit = (step: Step<Run>): void => {
    if (ordered.has(step)) return
    if (path.includes(step.name)) throw new Error(`phases need each other in a circle: ${[...path, step.name].join(' -> ')}`)
    path.push(step.name)
    for (const name of step.needs) {
      const need = byName.get(name)
      if (need !== undefined) visit(need)
    }
    path.pop()
    ordered.add(step)
  }
  steps.forEach(visit)
  return [...ordered]
}
