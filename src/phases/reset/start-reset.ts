/** From what the user asked to a run of reset's phases on a host: configuration, the question, the lock. */
import { loadResetConfig } from '../../config/load/load-reset.ts'
import { recordingCluster } from '../../cluster/recording-cluster.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { recordingHost } from '../../host/recording-host.ts'
import { selectSteps } from '../phase-tree.ts'
import { socketByKubelet } from '../kubelet-socket.ts'
import { runSelected, type RunRecording, type RunRequest } from '../run-request.ts'
import { lookAtHost } from './before.ts'
import { findBegunReset } from './begun-reset.ts'
import { resetPhases } from './reset-phases.ts'
import type { ResetRun } from './reset-run.ts'

export interface ResetRequest extends RunRequest {
  readonly options: Pick<ResetRun, 'kubeconfig' | 'cleanup'>
  /** The cluster stays, and is known to run: that etcd cannot be asked is an error, and nothing is taken away. */
  readonly mustLeaveEtcd?: boolean
  /** Asks the person at the terminal; `false`: do not go on. */
  readonly confirm: (question: string) => Promise<boolean>
}

/**
 * Runs reset on the host. There is no journal of it: nothing that it takes away can be given back, and one that was killed finds out again
 * what is left to do. While it is not done the host says that it has begun (`begun-reset.ts`).
 * @returns the recording when the configuration asks for one (`dryRun`)
 * @throws KadmError NOT_CONFIRMED, RUN_IN_PROGRESS, ETCD_QUORUM, and as its phases
 */
export async function startReset(real: Host, request: ResetRequest): Promise<RunRecording | undefined> {
  const { file, flags, only, options, signal } = request
  const removesPods = only === undefined || only.some((name) => name.startsWith('cleanup-node'))
  const { config, warnings } = await loadResetConfig({ file, flags, host: real, needs: { criSocket: removesPods && socketInUse } })
  warnings.forEach(request.warn)
  const except = only === undefined ? config.skipPhases : []
  const asks = (only === undefined || only.includes('preflight')) && !except.includes('preflight')
  if (asks && !config.force && !config.dryRun) await askFirst(request)
  const { uid } = await real.facts()
  const unlock = uid === 0 && !config.dryRun ? await real.lock('kadm reset') : async () => undefined
  try {
    signal.throwIfAborted()
    const recording = config.dryRun ? recordingHost(real) : undefined
    const host = recording ?? real
    const before = await lookAtHost(host, config.certificatesDir)
    const isWhole = only === undefined && selectSteps(resetPhases, { except }).some(({ name }) => name === 'cleanup-node/journal')
    const run: ResetRun = { config, host, isWhole, ...options, mustLeaveEtcd: request.mustLeaveEtcd === true, before }
    await runSelected(resetPhases, run, { request, except, session: undefined, host: real })
    return recording && { host: recording, cluster: recordingCluster(undefined), certificatesDir: config.certificatesDir }
  } finally {
    await unlock()
  }
}

/** A reset that was cut off may have taken the files that say it. */
async function socketInUse(host: Host): Promise<string | undefined> {
  return (await socketByKubelet(host)) ?? (await findBegunReset(host))?.criSocket
}

async function askFirst({ confirm, warn }: ResetRequest): Promise<void> {
  warn("changes made to this host by 'init' or 'join' will be reverted")
  if (await confirm('[reset] Are you sure you want to proceed?')) return
  throw new KadmError('NOT_CONFIRMED', "won't proceed; the user didn't answer (Y|y) in order to continue", {
    remedy: ['answer y, or run it with --force where nobody can be asked'],
  })
}
