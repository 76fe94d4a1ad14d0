/**
 * What happens on hosts as JSON lines for programs: versioned by `apiVersion`, documented in docs/events.md, which is made from the tables
 * here.
 */
import { KadmError, messageOf } from '../errors.ts'
import type { FleetEvent } from '../fleet/fleet-run.ts'
import { redact } from '../host/redact.ts'
import type { PhaseEvent } from '../phases/phase.ts'
import { printableJson } from './printable.ts'

export const eventVersion = 'kadm.dev/v1alpha1'

interface EventField {
  readonly type: 'string' | 'list of string'
  readonly doc: string
}

/** Of every event. */
export const everyEventHas: Readonly<Record<string, EventField>> = {
  apiVersion: { type: 'string', doc: `\`${eventVersion}\`` },
  kind: { type: 'string', doc: '`Event`' },
  at: {
    type: 'string',
    doc: "RFC 3339 with milliseconds, by the host's clock; with a cluster file only for phases (not `remove/drain`), for all else by that of kadm's machine",
  },
  host: { type: 'string', doc: 'as the cluster file or `--host` names it; `kadm` for what kadm does between waves of an upgrade' },
  phase: {
    type: 'string',
    doc: 'the action (`init`, `join`, `upgrade`, `reset`, `undo`, and of `apply` also `forget`, `mark`, `remove`; `lease`: whom it waits for; `before-wave-1`, `after-wave-N`), or `action/phase`: `join/kubelet-start`, `init/network`',
  },
  event: { type: 'string', doc: 'one of the kinds below' },
}

/** Of some. */
export const someEventsHave: Readonly<Record<'needs' | 'text' | 'code', EventField>> = {
  needs: { type: 'list of string', doc: 'phases that it came after, or waits for; of another host: `h1:init/wait-control-plane/api`' },
  text: { type: 'string', doc: 'for people; secrets are replaced by `[redacted]`' },
  code: { type: 'string', doc: 'the code of `errors.md`, where kadm foresaw the failure' },
}

interface EventKind {
  readonly doc: string
  readonly has: readonly (keyof typeof someEventsHave)[]
  readonly mayHave?: readonly (keyof typeof someEventsHave)[]
}

/** Results (the join command, a printed manifest) are no events: they may hold secrets. */
export const eventKinds: Readonly<Record<Exclude<PhaseEvent['kind'], 'result'>, EventKind>> = {
  started: { doc: 'it begins', has: [], mayHave: ['needs'] },
  done: { doc: 'it has ended well', has: [] },
  failed: { doc: 'it has ended with an error, which is `text`', has: ['text'], mayHave: ['code'] },
  skipped: { doc: 'it was left out; `text` is the reason, empty where there is nothing to say', has: ['text'], mayHave: ['needs'] },
  line: { doc: 'something that it did or is about to do', has: ['text'] },
  warning: { doc: 'something that the user should know though it goes on', has: ['text'] },
  waiting: {
    doc: 'what it waits for, and what it last saw; holds until the next event of the same phase',
    has: ['text'],
    mayHave: ['needs'],
  },
}

export function eventLine({ host, event }: FleetEvent): string {
  const { kind, phase, at } = event
  const text = 'text' in event ? event.text : 'reason' in event ? event.reason : 'error' in event ? messageOf(event.error) : undefined
  const code = 'error' in event && event.error instanceof KadmError ? event.error.code : undefined
  const needs = 'needs' in event ? event.needs : undefined
  const record = {
    apiVersion: eventVersion,
    kind: 'Event',
    at: at.toISOString(),
    host,
    phase,
    event: kind,
    needs,
    text: text && redact(text),
    code,
  }
  return `${printableJson(record)}\n`
}
