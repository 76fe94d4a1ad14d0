/**
 * Progress of a fleet on a terminal: a row for each host with what it is doing and since when, by listr2. The work is done elsewhere: this
 * only listens.
 */
import { Listr, type DefaultRenderer, type ListrTaskWrapper, type SimpleRenderer } from 'listr2'
import { messageOf } from '../errors.ts'
import type { FleetEvent } from '../fleet/fleet-run.ts'
import { printableLine } from './printable.ts'

type Row = ListrTaskWrapper<unknown, typeof DefaultRenderer, typeof SimpleRenderer>

export interface HostRows {
  readonly report: (event: FleetEvent) => void
  /** Ends the drawing; resolves when the last frame is on the screen. */
  readonly end: () => Promise<void>
}

interface HostRow {
  /** With why it was not done, where it was not. */
  readonly ended: PromiseWithResolvers<string | undefined>
  readonly actions: readonly string[]
  readonly began: number
  left: number
  task: Row | undefined
  doing: string
  since: number
}

/** @param actions all that is to be done, in the order to be shown */
export function hostRows(actions: readonly { readonly host: string; readonly kind: string }[]): HostRows {
  const rows = new Map<string, HostRow>()
  for (const [host, own] of Map.groupBy(actions, (one) => one.host)) {
    const kinds = own.map(({ kind }) => kind)
    rows.set(host, {
      ended: Promise.withResolvers(),
      actions: kinds,
      began: performance.now(),
      left: kinds.length,
      task: undefined,
      doing: '',
      since: performance.now(),
    })
  }
  const list = new Listr(
    [...rows].map(([host, row]) => ({
      title: `${host}  ${row.actions.join(', ')}`,
      task: async (_context: unknown, task: Row) => {
        row.task = task
        const why = await row.ended.promise
        if (why !== undefined) task.skip(`${host}  ${row.actions.join(', ')}: ${why}`)
      },
    })),
    // kadm closes its journals and locks on a signal itself; listr2 would end the process with 127.
    { concurrent: true, exitOnError: false, registerSignalListeners: false },
  )
  const drawing = list.run().catch(() => undefined)
  const clock = setInterval(() => {
    for (const row of rows.values()) if (row.left > 0) draw(row)
  }, 1000)
  return {
    report: ({ host, event }) => {
      const row = rows.get(host)
      if (row === undefined) return
      const isAction = !event.phase.includes('/')
      if (isAction && event.kind === 'failed') {
        row.left = 0
        row.ended.reject(new Error(`${host}: ${printableLine(messageOf(event.error))}`))
        return
      }
      if (isAction && event.kind === 'skipped') {
        row.left = 0
        row.ended.resolve(printableLine(event.reason))
        return
      }
      if (isAction && event.kind === 'done') {
        row.left -= 1
        if (row.left === 0 && row.task !== undefined) row.task.title = `${host}  ${row.actions.join(', ')}  ${seconds(row.began)}`
        if (row.left === 0) row.ended.resolve(undefined)
        return
      }
      if (event.kind === 'started') row.doing = event.phase
      else if ('text' in event) row.doing = `${event.phase}: ${printableLine(event.text)}`
      else return
      row.since = performance.now()
      draw(row)
    },
    end: async () => {
      clearInterval(clock)
      // What nobody has told the end of was not come to: the run was stopped.
      for (const { ended } of rows.values()) ended.resolve('not done')
      await drawing
    },
  }
}

function draw({ task, doing, since }: HostRow): void {
  if (task === undefined || doing === '') return
  const isLong = performance.now() - since > 1500
  task.output = isLong ? `${doing}  (${seconds(since)})` : doing
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}
