/** What happens on the hosts of a fleet as JSON lines for programs: documented in docs/cluster-file.md, versioned by `apiVersion`. */
import { KadmError, messageOf } from '../errors.ts'
import type { FleetEvent } from '../fleet/fleet-run.ts'
import { redact } from '../host/redact.ts'

export function eventLine({ host, event }: FleetEvent): string {
  const { kind, phase, at } = event
  const text = 'text' in event ? event.text : 'reason' in event ? event.reason : 'error' in event ? messageOf(event.error) : undefined
  const code = 'error' in event && event.error instanceof KadmError ? event.error.code : undefined
  const record = { apiVersion: 'kadm.dev/v1alpha1', kind: 'Event', at: at.toISOString(), host, phase, event: kind, text: text && redact(text), code }
  return `${JSON.stringify(record)}\n`
}
