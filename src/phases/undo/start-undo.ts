/**
 * From the journal of a host to a run of undo's phases on it: what is to be put back, the question, the lock, and the note that it is done.
 */
import { randomBytes } from 'node:crypto'
import type { Cluster } from '../../cluster/cluster.ts'
import { loadResetConfig } from '../../config/load/load-reset.ts'
import { kadmVersion } from '../../config/own-version.ts'
import { paths } from '../../config/paths.ts'
import type { Host } from '../../host/host.ts'
import { readJournal, resetBegunFile, stateDirectory } from '../../host/journal/journal-file.ts'
import { openJournal } from '../../host/journal/journal.ts'
import { removeRunSecrets } from '../../host/run-secrets.ts'
import { staticPodPath } from '../../manifests/write-static-pod.ts'
import { socketByKubelet } from '../kubelet-socket.ts'
import { lookAtHost } from '../reset/before.ts'
import type { HostBefore } from '../reset/reset-run.ts'
import { requireRoot, runSelected, type RunRequest } from '../run-request.ts'
import { journalReport } from '../run-session.ts'
import { undoPhases } from './undo-phases.ts'
import { requireNobodyLeftBehind, requireNotOvertaken, requireOwnMinor, requireReadable } from './undo-refusals.ts'
import type { Leaving, UndoRun } from './undo-run.ts'
import { undoSteps, type UndoStep } from './undo-steps.ts'
import { hadApi, hasBegunToLeave, undoCommand, undoFingerprint, undoTarget, type UndoTarget } from './undo-target.ts'
import { whereItLies } from './where-it-lies.ts'

export interface UndoRequest extends Omit<RunRequest, 'file' | 'flags' | 'only'> {
  /** Every run that the journal knows, not the last one alone. */
  readonly all: boolean
  /** Files that were changed since go back too, and the only control plane leaves its nodes. */
  readonly force: boolean
  /** Of its own Node, by whoever asks: the host itself may not know it any more, or may name another. */
  readonly node: string | undefined
  /** As administrator, by way of a host that stays; resolves to `undefined` when there is none. */
  readonly cluster: (target: UndoTarget) => Promise<Cluster | undefined>
  /** Shows the plan and asks; `false`: do not go on. */
  readonly confirm: (plan: UndoPlan) => Promise<boolean>
}

export interface UndoPlan {
  readonly host: string
  readonly target: UndoTarget
  readonly steps: readonly UndoStep[]
  /** Of the Node that goes; `undefined` when none does. */
  readonly node: string | undefined
  /** Labels and taints go back on this one alone. */
  readonly ownNode: string | undefined
}

export type UndoOutcome = 'done' | 'nothing' | 'not-confirmed'

/**
 * Puts back what the last run of kadm on the host has changed, and removes what it added. What was changed since is named and left. The
 * runs stay in the journal, with the note that they are undone.
 *
 * @returns `nothing` when there is nothing to undo, `not-confirmed` when the answer was no
 * @throws KadmError NOT_ROOT, RUN_IN_PROGRESS, JOURNAL_BROKEN, UNDO_REFUSED, and as its phases (DRAIN_BLOCKED, ETCD_QUORUM, ...)
 */
export async function startUndo(host: Host, request: UndoRequest): Promise<UndoOutcome> {
  const { all, force, signal } = request
  requireRoot((await host.facts()).uid, 'kadm undo')
  const unlock = await host.lock('kadm undo')
  try {
    const journal = await readJournal(host)
    const target = undoTarget(journal, { all })
    requireReadable(journal, target)
    if (target.runs.length === 0) return 'nothing'
    await requireOwnMinor(host, target)
    const leaving = target.isEntry ? await leave(host, request) : undefined
    // An undo that was cut off may have put manifests aside.
    const changes = leaving === undefined ? target.changes : await whereItLies(host, target.changes)
    const steps = await undoSteps(host, changes, { force })
    if (!force) {
      const before = leaving?.reset.before ?? (await lookAtHost(host, paths.defaultCertificates))
      await requireNotOvertaken(host, { target, steps, certificateFolders: before.certificateFolders })
      // By the journal, or by the host as it is.
      const isControlPlane = target.isControlPlane || (leaving !== undefined && (await hasControlPlane(host, before)))
      // Of one that was cut off the API may be gone by its own doing; where it never was up, nobody has joined.
      const mustAnswer = before.etcd !== undefined && hadApi(target.runs) && !hasBegunToLeave(journal, target.runs)
      if (isControlPlane) await requireNobodyLeftBehind(host, { node: leaving?.node, mustAnswer, signal })
    }
    if (!(await request.confirm({ host: request.node ?? host.name, target, steps, node: leaving?.node, ownNode: request.node })))
      return 'not-confirmed'
    await undo(host, { run: { host, target, steps, leaving, ownNode: request.node, cluster: await request.cluster(target) }, request })
    return 'done'
  } finally {
    await unlock()
  }
}

async function hasControlPlane(host: Pick<Host, 'stat'>, { wasMember }: HostBefore): Promise<boolean> {
  return wasMember || (await host.stat(staticPodPath('kube-apiserver'))) !== undefined
}

async function leave(host: Host, { force, node }: UndoRequest): Promise<Leaving> {
  const { config } = await loadResetConfig({ file: undefined, flags: { force }, host, needs: { criSocket: socketByKubelet } })
  const before = await lookAtHost(host, config.certificatesDir)
  return {
    node: node ?? before.nodeName,
    reset: { config, host, isWhole: false, kubeconfig: paths.adminConf, mustLeaveEtcd: false, cleanup: new Set(), before },
  }
}

async function undo(host: Host, { run: undoRun, request }: { readonly run: UndoRun; readonly request: UndoRequest }): Promise<void> {
  const { target, steps } = undoRun
  const run = randomBytes(8).toString('hex')
  const runs = target.runs.map(({ id }) => id)
  const journal = await openJournal(host)
  await journal.append({
    kind: 'run-started',
    run,
    command: undoCommand,
    fingerprint: undoFingerprint(runs),
    version: kadmVersion,
    by: host.operator,
  })
  let outcome: 'done' | 'failed' = 'failed'
  try {
    // Of the phases alone, not of each change: a copy of what is removed must not be kept.
    const session = { report: journalReport(journal, run) }
    await runSelected(undoPhases, undoRun, { request: { ...request, only: undefined }, except: [], session, host })
    // A reset that was cut off has nothing left to do here.
    if (undoRun.leaving !== undefined) await host.removeFile(resetBegunFile)
    await journal.append({ kind: 'undone', run, runs })
    outcome = 'done'
  } finally {
    await journal.append({ kind: 'run-finished', run, outcome })
  }
  await forget(host, runs, steps)
}

/**
 * What was kept for these runs: copies of files that are back in their places, secrets of one that was cut off. The former content of what
 * is left stays.
 */
async function forget(host: Host, runs: readonly string[], steps: readonly UndoStep[]): Promise<void> {
  const kept = new Set(steps.flatMap(({ act, before }) => (act === 'leave' && before !== 'absent' ? [before.backup] : [])))
  await removeRunSecrets(host)
  for (const folder of runs.map((run) => `${stateDirectory}/backups/${run}`)) {
    for (const name of (await host.list(folder)) ?? []) if (!kept.has(`${folder}/${name}`)) await host.removeFile(`${folder}/${name}`)
    await host.removeDirectory(folder)
  }
  await host.removeDirectory(`${stateDirectory}/backups`)
}
