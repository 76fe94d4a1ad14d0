/** Phases may run side by side, but a reader wants them in the order of the list: holds each phase's events back until it is its turn. */
import type { PhaseEvent } from '../phases/phase.ts'

/**
 * @param order full names of all phases of the run, as the user shall see them
 * @param show gets the events of one phase after the other; those of the phase whose turn it is at once
 */
export function orderedEvents(
  order: readonly string[],
  show: (event: PhaseEvent) => void,
): { report: (event: PhaseEvent) => void; flush: () => void } {
  const held = new Map<string, PhaseEvent[]>()
  const ended = new Set<string>()
  let turn = 0

  const advance = (): void => {
    for (;;) {
      const name = order[turn]
      if (name === undefined) return
      for (const event of held.get(name) ?? []) show(event)
      held.delete(name)
      if (!ended.has(name)) return
      turn += 1
    }
  }

  return {
    report: (event) => {
      const events = held.get(event.phase) ?? []
      held.set(event.phase, [...events, event])
      if (event.kind === 'done' || event.kind === 'skipped' || event.kind === 'failed') ended.add(event.phase)
      if (order[turn] === event.phase || event.kind === 'failed') advance()
    },
    /** The run is over: what is still held is shown, in order. */
    flush: () => {
      for (const name of order.slice(turn)) for (const event of held.get(name) ?? []) show(event)
      held.clear()
      turn = order.length
    },
  }
}
