/** Runs that are made up, as a recorder has heard them. */
import type { PhaseEvent } from '../../src/phases/phase.ts'
import { traceRecorder, type Recorded } from '../../src/progress/trace-recorder.ts'

export const about = { command: 'apply', outcome: 'done', startedAt: '2026-11-24T00:00:00.000Z', version: '0.1.0' } as const

export interface Told {
  /** Milliseconds. */
  readonly at: number
  readonly host: string
  readonly event: string
  readonly phase: string
  readonly needs?: readonly string[]
  readonly text?: string
}

/** What a recorder makes of events at these times. */
export function recorded(told: readonly Told[], end: number): Recorded {
  let time = 0
  const recorder = traceRecorder(() => time)
  for (const { at, host, event, phase, needs, text = '' } of told) {
    time = at
    const more = { ...(needs !== undefined && { needs }), text, reason: text, error: new Error(text) }
    recorder.hear({ host, event: { kind: event, phase, at: new Date(0), ...more } as unknown as PhaseEvent })
  }
  time = end
  return recorder.recorded()
}

/** h1 makes a cluster, and h2 joins it. */
export const cluster: readonly Told[] = [
  { at: 100, host: 'h1', event: 'started', phase: 'init', needs: [] },
  { at: 110, host: 'h2', event: 'started', phase: 'join', needs: [] },
  { at: 120, host: 'h1', event: 'started', phase: 'init/preflight', needs: [] },
  { at: 130, host: 'h2', event: 'started', phase: 'join/preflight', needs: [] },
  { at: 140, host: 'h2', event: 'waiting', phase: 'join', text: 'the API server of h1', needs: ['h1:init/wait-control-plane/api'] },
  { at: 300, host: 'h1', event: 'done', phase: 'init/preflight' },
  { at: 310, host: 'h1', event: 'started', phase: 'init/wait-control-plane/api', needs: ['init/preflight'] },
  { at: 400, host: 'h1', event: 'waiting', phase: 'init/wait-control-plane/api', text: 'https://127.0.0.1:6443: connection refused' },
  { at: 900, host: 'h1', event: 'waiting', phase: 'init/wait-control-plane/api', text: 'https://127.0.0.1:6443: status 500' },
  { at: 1000, host: 'h1', event: 'done', phase: 'init/wait-control-plane/api' },
  { at: 1001, host: 'h2', event: 'line', phase: 'join', text: 'the API server of h1 answers' },
  { at: 1100, host: 'h1', event: 'done', phase: 'init' },
  { at: 1200, host: 'h2', event: 'done', phase: 'join/preflight' },
  { at: 1210, host: 'h2', event: 'started', phase: 'join/kubelet-start', needs: ['join/preflight'] },
  { at: 1900, host: 'h2', event: 'done', phase: 'join/kubelet-start' },
  { at: 1950, host: 'h2', event: 'done', phase: 'join' },
]
