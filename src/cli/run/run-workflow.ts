/**
 * What `init`, `join`, `reset` and `upgrade` share as commands: the words common to all, the host that is meant, progress, events and
 * trace.
 */
import type { Host } from '../../host/host.ts'
import { eventOfAction, type PhaseEvent } from '../../phases/phase.ts'
import type { RunRecording, RunRequest } from '../../phases/run-request.ts'
import { withoutControls } from '../../progress/printable.ts'
import { chosenHost } from '../chosen-host.ts'
import type { CommandInput, Streams } from '../command.ts'
import { configWords } from '../flags/config-words.ts'
import { withTrace, type RunTrace } from '../open-trace.ts'
import { phaseProgress, type PhaseProgress } from '../phase-progress.ts'
import { besideEvents } from '../flags/run-flags.ts'

export interface WorkflowWords {
  /** What events and trace call the run. */
  readonly action: 'init' | 'join' | 'reset' | 'undo' | 'upgrade'
  /** Full names of phases; all when not given. */
  readonly only: readonly string[] | undefined
  /** Flags that are no part of the configuration. */
  readonly optionFlags: ReadonlySet<string>
}

export interface OpenWorkflow {
  readonly host: Host
  /** As of `besideEvents`. */
  readonly io: Streams
  readonly request: RunRequest
  /** Ended after `work`; `work` ends it before what is to stand below it. */
  readonly progress: PhaseProgress
  /** Of a dry run: what it would have done. */
  readonly show: (recording: RunRecording | undefined) => Promise<void>
}

/** The host is closed after `work`. */
export async function runWorkflow(input: CommandInput, words: WorkflowWords, work: (open: OpenWorkflow) => Promise<void>): Promise<void> {
  await withTrace(input, words.action, (trace) => runTraced(input, words, trace, work))
}

async function runTraced(
  input: CommandInput,
  { action, only, optionFlags }: WorkflowWords,
  trace: RunTrace | undefined,
  work: (open: OpenWorkflow) => Promise<void>,
): Promise<void> {
  const { io: streams, signal } = input
  const { events, io } = besideEvents(input)
  const config = configWords(input, optionFlags)
  const real = await chosenHost(input)
  const eventLine = events ? (await import('../../progress/event-lines.ts')).eventLine : undefined
  const host = trace?.timed(real, real.name) ?? real
  const progress = phaseProgress(io, { onlyResults: events })
  const tell = (event: PhaseEvent): void => {
    trace?.hear({ host: host.name, event })
    if (eventLine !== undefined && event.kind !== 'result') streams.stdout.write(eventLine({ host: host.name, event }))
  }
  const request = {
    ...config,
    only,
    signal,
    onStart: progress.start,
    report: (event: PhaseEvent) => {
      progress.report(event)
      tell(eventOfAction(action, event))
    },
    ...(trace !== undefined && {
      within: (phase: string, task: () => Promise<void>) => trace.within(host.name, `${action}/${phase}`, task),
    }),
    warn: (line: string) => void io.stderr.write(`WARNING: ${withoutControls(line)}\n`),
  }
  const show = async (recording: RunRecording | undefined): Promise<void> => {
    if (recording === undefined) return
    const { showRecording } = await import('../dry-run.ts')
    await showRecording(recording, { io, action, host })
  }
  try {
    tell({ kind: 'started', phase: action, at: host.now() })
    await work({ host, io, request, progress, show })
    tell({ kind: 'done', phase: action, at: host.now() })
  } catch (error) {
    tell({ kind: 'failed', phase: action, error, at: host.now() })
    throw error
  } finally {
    await progress.end()
    await host.close()
  }
}
