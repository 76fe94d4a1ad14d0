/** Which runs of the journal are to be undone, and what they have changed taken together. Pure. */
import { createHash } from 'node:crypto'
import { isObject } from '../../json.ts'
import { staticPodPath } from '../../manifests/write-static-pod.ts'
import { paths } from '../../config/paths.ts'
import type { Argv, Owner } from '../../host/host.ts'
import type { After, Before, FoundFolders, Journal, JournaledChange, MarkChange } from '../../host/journal/journal-file.ts'
import { runsOf, type JournaledRun } from '../../host/journal/journal-runs.ts'

export interface UndoTarget {
  /** Oldest first; none: there is nothing to undo. */
  readonly runs: readonly JournaledRun[]
  /** In the order in which they were first changed. */
  readonly changes: readonly NetChange[]
  /** Services that were stopped or started, and whether they ran before. */
  readonly services: ReadonlyMap<string, boolean>
  readonly programs: readonly ReplacedProgram[]
  readonly marks: readonly NodeMark[]
  readonly images: readonly string[]
  readonly found: FoundFolders
  /** By them the host came into its cluster. */
  readonly isEntry: boolean
  /** By them it got a control plane. */
  readonly isControlPlane: boolean
}

/** What all changes of a path come to. `before` is of the first, `after` of the last of them. */
export interface NetChange {
  readonly path: string
  readonly kind: 'file' | 'directory'
  readonly before: Before
  readonly after: 'absent' | AsLeft
}

/** `owner` where kadm set it. `isKept`: only the owner was changed, the content is that of `before`. */
export type AsLeft = Partial<After> & { readonly owner?: Owner; readonly isKept?: boolean }

export interface ReplacedProgram {
  readonly file: string
  /** Of the one before, with `v`; kept beside it as `<file>-<version>`. */
  readonly version: string
}

export type NodeMark = Extract<JournaledChange, { readonly kind: 'mark-node' }>

/**
 * The last run that is not undone yet, with the attempts at it that were cut off or failed before; `all`, or an undo of all that was not
 * finished: every run that the journal knows.
 */
export function undoTarget(journal: Journal, { all }: { readonly all: boolean }): UndoTarget {
  const standing = standingRuns(journal)
  const runs = all || isUndoOfAllUnfinished(journal) ? standing : lastOf(standing)
  const changes = runs.flatMap((run) => run.changes)
  return {
    runs,
    changes: [...netChanges(changes), ...byKubelet(changes)],
    services: servicesBefore(changes),
    programs: replacedPrograms(changes),
    marks: changes.flatMap((change) => (change.kind === 'mark-node' ? nodeMark(change) : [])),
    images: [...new Set(changes.flatMap((change) => (change.kind === 'pull-image' ? [change.image] : [])))],
    // The first attempt may have been cut off before it could say.
    found: runs.find(({ found }) => Object.keys(found).length > 0)?.found ?? {},
    isEntry: madeFile(changes, paths.kubeletConf) || madeFile(changes, paths.bootstrapKubeletConf),
    isControlPlane: madeFile(changes, staticPodPath('kube-apiserver')),
  }
}

export const undoCommand = 'undo'

/**
 * Without the undos that were not finished and have changed nothing on the host, such as one whose Pods could not leave: they are in the way
 * of nothing. What they may leave is a cordon of the Node.
 */
export function withoutIdleUndos(journal: Journal): Journal {
  const { records } = journal
  const begun = new Set(records.flatMap((record) => (record.kind === 'phase-started' && record.phase !== drainPhase ? [record.run] : [])))
  const idle = new Set(
    runsOf(journal).flatMap(({ id, command, outcome }) => (command === undoCommand && outcome !== 'done' && !begun.has(id) ? [id] : [])),
  )
  return { ...journal, records: records.filter(({ run }) => !idle.has(run)) }
}

/** The last run that has done anything is an undo of more than the last one before it, and was cut off or failed. */
export function isUndoOfAllUnfinished(journal: Journal): boolean {
  const last = runsOf(withoutIdleUndos(journal)).at(-1)
  const standing = standingRuns(journal)
  const isOfAll = last?.command === undoCommand && last.fingerprint === undoFingerprint(standing.map(({ id }) => id))
  return isOfAll && last.outcome !== 'done' && lastOf(standing).length < standing.length
}

function standingRuns(journal: Journal): readonly JournaledRun[] {
  return runsOf(journal).filter(({ isUndone, command }) => !isUndone && command !== undoCommand)
}

/** Of the undo of these runs, by their ids. */
export function undoFingerprint(runs: readonly string[]): string {
  return createHash('sha256').update(runs.join(' ')).digest('hex')
}

/** An undo of the same runs was cut off after it had begun to take the host out of its cluster. */
export function hasBegunToLeave({ records }: Journal, runs: readonly JournaledRun[]): boolean {
  const fingerprint = undoFingerprint(runs.map(({ id }) => id))
  const begun = new Set(
    records.flatMap((record) =>
      record.kind === 'run-started' && record.command === undoCommand && record.fingerprint === fingerprint ? [record.run] : [],
    ),
  )
  return records.some((record) => record.kind === 'phase-started' && record.phase === firstOfLeaving && begun.has(record.run))
}

/** The phase of undo that changes nothing on the host. */
export const drainPhase = 'drain'

/** The phase of undo from which on the API of the host may be gone by its own doing. */
export const firstOfLeaving = 'etcd-member'

/** An API server answered in one of them: others may have joined. */
export function hadApi(runs: readonly JournaledRun[]): boolean {
  return runs.some(({ outcome, phasesDone }) => outcome === 'done' || phasesDone.includes('wait-control-plane/api'))
}

function lastOf(runs: readonly JournaledRun[]): readonly JournaledRun[] {
  const last = runs.at(-1)
  if (last === undefined) return []
  const earlier = runs.slice(0, -1)
  const isAttempt = ({ outcome, command, fingerprint }: JournaledRun): boolean =>
    outcome !== 'done' && command === last.command && fingerprint === last.fingerprint
  return [...earlier.slice(earlier.findLastIndex((run) => !isAttempt(run)) + 1), last]
}

/** What came to nothing, such as a file that was made and removed again, is left out. */
function netChanges(changes: readonly JournaledChange[]): readonly NetChange[] {
  const net = new Map<string, NetChange>()
  const note = (
    kind: NetChange['kind'],
    { path, before }: { readonly path: string; readonly before: Before },
    after: NetChange['after'],
  ): void => void net.set(path, { path, kind, before: net.get(path)?.before ?? before, after })
  for (const change of changes) {
    if (change.kind === 'write-file') note('file', change, change.after)
    if (change.kind === 'make-directory') note('directory', change, change.after)
    if (change.kind === 'remove-file') note('file', change, 'absent')
    if (change.kind === 'remove-directory') note('directory', change, 'absent')
    if (change.kind === 'change-owner') {
      const { kind = 'file', after = { isKept: true } } = net.get(change.path) ?? {}
      note(kind, change, after === 'absent' ? after : { ...after, owner: change.owner })
    }
  }
  return [...net.values()].filter(({ before, after }) => before !== 'absent' || after !== 'absent')
}

/** A kubelet that came to its certificate by a token has written its kubeconfig itself. */
function byKubelet(changes: readonly JournaledChange[]): readonly NetChange[] {
  const isKnown = changes.some((change) => change.kind === 'write-file' && change.path === paths.kubeletConf)
  return isKnown || !madeFile(changes, paths.bootstrapKubeletConf)
    ? []
    : [{ path: paths.kubeletConf, kind: 'file', before: 'absent', after: {} }]
}

function madeFile(changes: readonly JournaledChange[], path: string): boolean {
  const first = changes.find((change) => 'path' in change && change.path === path)
  return first?.kind === 'write-file' && first.before === 'absent'
}

/** The journal is the word of its host, and goes to the cluster here: what is no label or taint is passed over. */
function nodeMark({ kind, node, labels, taints }: NodeMark): readonly NodeMark[] {
  return typeof node === 'string' ? [{ kind, node, labels: markChanges(labels), taints: markChanges(taints) }] : []
}

function markChanges(changes: unknown): NodeMark['labels'] {
  const entries: readonly (readonly [string, unknown])[] = isObject(changes) ? Object.entries(changes) : []
  return Object.fromEntries(entries.flatMap(([key, change]) => (isMarkChange(change) ? [[key, change]] : [])))
}

function isMarkChange(change: unknown): change is MarkChange {
  if (!isObject(change)) return false
  const { before, after } = change
  return typeof after === 'string' && (before === null || typeof before === 'string')
}

function servicesBefore(changes: readonly JournaledChange[]): ReadonlyMap<string, boolean> {
  const before = new Map<string, boolean>()
  for (const change of changes) {
    if ((change.kind === 'stop-service' || change.kind === 'restart-service') && !before.has(change.service))
      before.set(change.service, change.wasActive)
  }
  return before
}

/** As `replaceProgram` does it: the old one is kept under the name of its version, the new one takes its place. */
function replacedPrograms(changes: readonly JournaledChange[]): readonly ReplacedProgram[] {
  const commands = changes.flatMap((change) => (change.kind === 'run-command' ? [change.argv] : []))
  const first = new Map<string, ReplacedProgram>()
  for (const [index, argv] of commands.entries()) {
    const kept = keptProgram(argv)
    const isReplaced =
      kept !== undefined && commands.slice(index).some(([program, ...args]) => program === 'mv' && args.at(-1) === kept.file)
    if (isReplaced && !first.has(kept.file)) first.set(kept.file, kept)
  }
  return [...first.values()]
}

function keptProgram([program, option, file, kept]: Argv): ReplacedProgram | undefined {
  // kadm before this one: `-fP`, which busybox does not know.
  const isLink = program === 'ln' && (option === '-f' || option === '-fP')
  if (!isLink || file === undefined || kept?.startsWith(`${file}-v`) !== true) return undefined
  return { file, version: kept.slice(file.length + 1) }
}
