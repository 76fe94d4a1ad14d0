/** Progress on a terminal: a list of the top phases with what each is doing, by listr2. The work is done elsewhere: this only listens. */
import { Listr, type DefaultRenderer, type ListrTaskWrapper, type SimpleRenderer } from 'listr2'
import { messageOf } from '../errors.ts'
import type { PhaseEvent } from '../phases/phase.ts'
import { printable, withoutControls } from './printable.ts'

type Row = ListrTaskWrapper<unknown, typeof DefaultRenderer, typeof SimpleRenderer>

export interface TaskTree {
  readonly report: (event: PhaseEvent) => void
  /** Ends the drawing; resolves when the last frame is on the screen. */
  readonly end: () => Promise<void>
}

interface TopPhase {
  readonly row: PromiseWithResolvers<void>
  readonly open: Set<string>
  readonly total: number
  ended: number
  task: Row | undefined
}

/** @param phases full names of all phases of the run, in the order to be shown */
export function taskTree(phases: readonly string[]): TaskTree {
  const tops = new Map<string, TopPhase>()
  for (const name of phases) {
    const top = topOf(name)
    if (!tops.has(top))
      tops.set(top, {
        row: Promise.withResolvers<void>(),
        open: new Set(),
        total: phases.filter((one) => topOf(one) === top).length,
        ended: 0,
        task: undefined,
      })
  }
  const list = new Listr(
    [...tops].map(([name, top]) => ({
      title: name,
      task: (_context: unknown, task: Row) => {
        top.task = task
        return top.row.promise
      },
    })),
    // kadm closes its journal and lock on a signal itself; listr2 would end the process with 127.
    { concurrent: true, exitOnError: false, registerSignalListeners: false, rendererOptions: { collapseSubtasks: false } },
  )
  const drawing = list.run().catch(() => undefined)

  return {
    report: (event) => {
      const top = tops.get(topOf(event.phase))
      if (top === undefined) return
      if (event.kind === 'line' || event.kind === 'waiting' || event.kind === 'warning') {
        if (top.task !== undefined) top.task.output = withoutControls(event.text)
        return
      }
      if (event.kind === 'started') {
        top.open.add(event.phase)
        return
      }
      top.open.delete(event.phase)
      top.ended += 1
      if (event.kind === 'failed') top.row.reject(new Error(printable(messageOf(event.error))))
      else if (event.kind === 'skipped' && top.total === 1) top.task?.skip(`${event.phase}: ${withoutControls(event.reason)}`)
      if (top.ended === top.total) top.row.resolve()
    },
    end: async () => {
      for (const { row } of tops.values()) row.resolve()
      await drawing
    },
  }
}

function topOf(name: string): string {
  return name.split('/')[0] ?? name
}
