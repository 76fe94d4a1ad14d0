/** What happens on the hosts of a fleet as plain lines: `[h1] init/certs: ...`. */
import { messageOf } from '../errors.ts'
import { ownName, type FleetEvent } from '../fleet/fleet-run.ts'
import { printableLine } from './printable.ts'

/** Empty for what makes no line. */
export function plainHostLine({ host, event }: FleetEvent): string {
  const { phase } = event
  // Of the phases inside only what they say; that they begin and end is for the screen.
  const isAction = !phase.includes('/')
  switch (event.kind) {
    case 'line':
      return `[${host}] ${phase}: ${printableLine(event.text)}\n`
    case 'warning':
      return `[${host}] WARNING: ${printableLine(event.text)}\n`
    case 'started':
    case 'done':
      return isAction ? `[${host}] ${phase}: ${event.kind}\n` : ''
    case 'failed':
      return isAction ? `[${host}] ${phase}: failed: ${printableLine(messageOf(event.error))}\n` : ''
    case 'skipped':
      // What lies between waves goes without saying then.
      return isAction && host !== ownName ? `[${host}] ${phase}: skipped: ${printableLine(event.reason)}\n` : ''
    default:
      return ''
  }
}
