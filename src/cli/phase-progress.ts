/** How a run of phases is shown: a list that redraws itself on a terminal, kubeadm's lines elsewhere. Results come last, on stdout. */
import type { PhaseEvent } from '../phases/phase.ts'
import { orderedEvents } from '../progress/ordered-events.ts'
import { plainLines } from '../progress/plain-lines.ts'
import { withoutControls } from '../progress/printable.ts'
import type { TaskTree } from '../progress/task-tree.ts'
import type { Streams } from './command.ts'

export interface PhaseProgress {
  /** @param phases full names in the order to be shown */
  readonly start: (phases: readonly string[]) => void
  readonly report: (event: PhaseEvent) => void
  /** May be called again. `results` false: what phases say of the end, such as that the cluster is up, did not come about. Default true. */
  readonly end: (options?: { readonly results?: boolean }) => Promise<void>
}

/** @param onlyResults the rest is shown in another way */
export function phaseProgress(io: Streams, { onlyResults = false }: { readonly onlyResults?: boolean } = {}): PhaseProgress {
  const results: string[] = []
  // A terminal without a width (a pipe that pretends) makes the drawing wrap at every character.
  const draws = !onlyResults && io.stdout.isTTY === true && (io.stdout.columns ?? 0) > 20
  let tree: Promise<TaskTree> | undefined
  let lines: ReturnType<typeof orderedEvents> | undefined
  // What is said before the first phase, such as of an unfinished run.
  let early = onlyResults ? undefined : plainLines(io)
  return {
    start: (phases) => {
      early = undefined
      if (draws) tree = import('../progress/task-tree.ts').then(({ taskTree }) => taskTree(phases))
      else if (!onlyResults) lines = orderedEvents(phases, plainLines(io))
    },
    report: (event) => {
      if (event.kind === 'result') results.push(event.text)
      else if (event.kind === 'warning' && draws) results.push(`WARNING: ${event.text}`)
      else if (tree !== undefined) void tree.then(({ report }) => report(event))
      else if (lines !== undefined) lines.report(event)
      else early?.(event)
    },
    end: async ({ results: shown = true } = {}) => {
      await (await tree)?.end()
      tree = undefined
      early = undefined
      lines?.flush()
      for (const text of results.splice(0)) if (shown) io.stdout.write(`${withoutControls(text)}\n`)
    },
  }
}
