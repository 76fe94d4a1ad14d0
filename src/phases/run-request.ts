/** What every workflow is asked with, and how the phases that are meant are run. */
import type { RecordingCluster } from '../cluster/recording-cluster.ts'
import type { GivenFlags } from '../config/flags.ts'
import { KadmError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { RecordingHost } from '../host/recording-host.ts'
import type { Phase, PhaseEvent, Within } from './phase.ts'
import { selectSteps } from './phase-tree.ts'
import type { RunSession } from './run-session.ts'
import { runPhases } from './runner.ts'

export interface RunRequest {
  /** Path of the configuration file on the host. */
  readonly file: string | undefined
  /** Those that the user gave. */
  readonly flags: GivenFlags
  /** Full names of the phases to run; all when not given. */
  readonly only: readonly string[] | undefined
  readonly signal: AbortSignal
  readonly report: (event: PhaseEvent) => void
  /** Hears of the phases that are going to run, before the first of them. */
  readonly onStart: (phases: readonly string[]) => void
  /** As of the runner. */
  readonly within?: Within | undefined
  readonly warn: (line: string) => void
}

/** What a run would do, when it only recorded. */
export interface RunRecording {
  readonly host: RecordingHost
  readonly cluster: RecordingCluster
  readonly certificatesDir: string
}

export interface SelectedPhases {
  readonly request: Pick<RunRequest, 'only' | 'signal' | 'report' | 'onStart' | 'within'>
  /** Full names of phases to leave out. */
  readonly except: readonly string[]
  readonly session: Pick<RunSession, 'report'> | undefined
  readonly host: Pick<Host, 'now'>
}

/** Runs what the request selects; screen and journal hear of it. Throws as `runPhases`. */
export async function runSelected<Run>(
  phases: readonly Phase<Run>[],
  run: Run,
  { request, except, session, host }: SelectedPhases,
): Promise<void> {
  const { only, signal, report, onStart, within } = request
  const selection = { ...(only === undefined ? {} : { only }), except }
  onStart(selectSteps(phases, selection).map(({ name }) => name))
  await runPhases(phases, run, {
    ...selection,
    within,
    now: () => host.now(),
    signal,
    report: async (event) => {
      report(event)
      await session?.report(event)
    },
  })
}

/** What a run learns before its phases belongs to the first of them. */
export function tellFirst(
  { only, report }: Pick<RunRequest, 'only' | 'report'>,
  host: Pick<Host, 'now'>,
): (kind: 'line' | 'warning') => (text: string) => void {
  return (kind) => (text) => report({ kind, phase: only?.[0] ?? 'preflight', text, at: host.now() })
}

/** @throws KadmError NOT_ROOT, with the name that kubeadm's preflight has for it. */
export function requireRoot(uid: number, command: string): void {
  if (uid === 0) return
  throw new KadmError('NOT_ROOT', `"${command}" changes this host and must run as root`, {
    details: ['[ERROR IsPrivilegedUser]: user is not running as root'],
    remedy: [`sudo ${command}   # with the same arguments`, 'on a host that --host names: --become sudo'],
  })
}
