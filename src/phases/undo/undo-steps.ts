/** What is to be done about each path that was changed, by what is there now: the journal is never trusted over the host. Only reads. */
import { createHash } from 'node:crypto'
import type { FileStat, Host, Owner } from '../../host/host.ts'
import type { Before, ContentMark } from '../../host/journal/journal-file.ts'
import { secretDigest, type SecretDigest } from '../../host/journal/secret-digest.ts'
import type { AsLeft, NetChange } from './undo-target.ts'

/**
 * `done`: it is as it was before. `put-back`: former content, mode and owner. `leave`: it is neither as kadm left it nor as it was, or its
 * former content is not known any more; it is named and stays.
 */
export interface UndoStep {
  readonly path: string
  readonly kind: NetChange['kind']
  readonly before: Before
  readonly act: 'done' | 'put-back' | 'remove' | 'leave'
  /** Of what is left, or forced. */
  readonly why?: string
}

type ReadingHost = Pick<Host, 'readFile' | 'readText' | 'stat' | 'makeDirectory' | 'writeFile'>

/** @param force what was changed since is no reason to leave it */
export async function undoSteps(
  host: ReadingHost,
  changes: readonly NetChange[],
  { force }: { readonly force: boolean },
): Promise<readonly UndoStep[]> {
  const digest = secretDigest(host, { makeKey: false })
  return Promise.all(changes.map(async (change) => stepFor(change, await look(host, change), { digest, force })))
}

interface Seen {
  readonly stat: FileStat | undefined
  readonly content: Buffer | undefined
  /** Is the copy of the former content still there, where one was made? */
  readonly hasBackup: boolean
}

async function look(host: ReadingHost, { path, kind, before }: NetChange): Promise<Seen> {
  const stat = await host.stat(path)
  const content = kind === 'file' && (stat?.kind === 'file' || stat?.kind === 'link') ? await host.readFile(path) : undefined
  const hasBackup = before !== 'absent' && before.backup !== undefined && (await host.stat(before.backup)) !== undefined
  return { stat, content, hasBackup }
}

interface Judgement {
  readonly digest: SecretDigest
  readonly force: boolean
}

async function stepFor(change: NetChange, seen: Seen, { digest, force }: Judgement): Promise<UndoStep> {
  const { path, kind, before, after } = change
  const step = (act: UndoStep['act'], why?: string): UndoStep => ({ path, kind, before, act, ...(why !== undefined && { why }) })
  if (await isAsBefore(change, seen, digest)) return step('done')
  const isOurs = kind === 'directory' ? isDirectoryAsLeft(after, seen) : await isAsLeft(after, seen, digest)
  const why = isOurs ? undefined : changedSince(seen)
  if (why !== undefined && !force) return step('leave', why)
  // What kadm made is removed, whatever it was made of.
  if (before === 'absent')
    return seen.stat?.kind === 'directory' && kind === 'file' ? step('leave', 'a directory lies there now') : step('remove', why)
  const hasContent = seen.hasBackup || kind === 'directory' || (after !== 'absent' && after.isKept === true)
  return hasContent ? step('put-back', why) : step('leave', 'its former content is not kept on this host')
}

function changedSince({ stat }: Seen): string {
  return stat === undefined ? 'it was removed since' : 'it was changed since'
}

async function isAsBefore({ kind, before }: NetChange, { stat, content }: Seen, digest: SecretDigest): Promise<boolean> {
  if (before === 'absent' || stat === undefined) return before === 'absent' && stat === undefined
  if (kind === 'directory') return stat.kind === 'directory'
  if (!sameOwner(stat, before.owner) || (stat.kind !== 'link' && stat.mode !== before.mode)) return false
  // Of a change of the owner alone, that was all.
  if (before.sha256 === undefined && before.digest === undefined) return before.backup === undefined
  return content !== undefined && (await sameContent(before, content, digest))
}

async function isAsLeft(after: NetChange['after'], { stat, content }: Seen, digest: SecretDigest): Promise<boolean> {
  if (after === 'absent' || stat === undefined) return after === 'absent' && stat === undefined
  if (after.owner !== undefined && !sameOwner(stat, after.owner)) return false
  if (after.isKept === true) return true
  if (content === undefined || (stat.kind !== 'link' && after.mode !== undefined && stat.mode !== after.mode)) return false
  return sameContent(after, content, digest)
}

function isDirectoryAsLeft(after: NetChange['after'], { stat }: Seen): boolean {
  return after === 'absent' ? stat === undefined : stat?.kind === 'directory'
}

/** A secret whose digest nobody has (of an older kadm, or the key is gone) is taken for the same: mode and owner have been looked at. */
async function sameContent(mark: ContentMark | AsLeft, content: Buffer, digest: SecretDigest): Promise<boolean> {
  if (mark.sha256 !== undefined) return mark.sha256 === createHash('sha256').update(content).digest('hex')
  const now = mark.digest === undefined ? undefined : await digest.of(content)
  return now === undefined || now === mark.digest
}

function sameOwner({ owner }: FileStat, { uid, gid }: Owner): boolean {
  return owner.uid === uid && owner.gid === gid
}
