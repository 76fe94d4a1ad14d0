/** How an apply is shown: a row for each host on a terminal, lines with the host in front elsewhere, JSON lines for programs. */
import type { FleetEvent } from '../fleet/fleet-run.ts'
import { eventLine } from '../progress/event-lines.ts'
import type { HostRows } from '../progress/host-rows.ts'
import { plainHostLine } from '../progress/plain-host-lines.ts'
import type { Streams } from './command.ts'

export interface FleetProgress {
  readonly report: (event: FleetEvent) => void
  readonly end: () => Promise<void>
}

export function fleetProgress(
  io: Streams,
  { events, actions }: { readonly events: boolean; readonly actions: readonly { readonly host: string; readonly kind: string }[] },
): FleetProgress {
  if (events) return { report: (event) => void io.stdout.write(eventLine(event)), end: async () => {} }
  // As for one host: a terminal without a width makes the drawing wrap at every character.
  const draws = io.stdout.isTTY === true && (io.stdout.columns ?? 0) > 20
  if (!draws) {
    return { report: (event) => void io.stdout.write(plainHostLine(event)), end: async () => {} }
  }
  const warnings: string[] = []
  const rows: Promise<HostRows> = import('../progress/host-rows.ts').then(({ hostRows }) => hostRows(actions))
  return {
    report: (event) => {
      if (event.event.kind === 'warning') warnings.push(plainHostLine(event))
      void rows.then(({ report }) => report(event))
    },
    end: async () => {
      await (await rows).end()
      for (const line of warnings) io.stderr.write(line)
    },
  }
}
