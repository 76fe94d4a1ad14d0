/** What a write would change, told before it is made: for plans and journals. */
import path from 'node:path'
import type { FileStat, Host, Owner, WriteOptions } from './host.ts'

export interface PendingWrite {
  /** `undefined` when the file is there already with this content, mode and owner. */
  readonly change: { readonly before: FileStat | undefined; readonly mode: number; readonly owner: Owner | undefined } | undefined
  /** Directories that would be made first, outermost first. */
  readonly directories: readonly string[]
}

/** The same rules as `writeAtomically` has: `keepMode`, the owner stays, settled files are left alone. */
export async function pendingWrite(
  host: Pick<Host, 'readFile' | 'stat'>,
  file: string,
  content: Uint8Array,
  options: WriteOptions,
): Promise<PendingWrite> {
  const before = await host.stat(file)
  const mode = options.keepMode === true && before !== undefined ? before.mode : options.mode
  const owner = options.owner ?? before?.owner
  const hasAttributes = before?.kind === 'file' && before.mode === mode && before.owner.uid === owner?.uid && before.owner.gid === owner.gid
  const isSettled = hasAttributes && before.size === content.length && (await host.readFile(file))?.equals(content) === true
  return { change: isSettled ? undefined : { before, mode, owner }, directories: await missingDirectories(host, path.dirname(file)) }
}

/** The directory and its parents as far as they are not there, outermost first. */
export async function missingDirectories(host: Pick<Host, 'stat'>, dir: string): Promise<readonly string[]> {
  if (dir === path.dirname(dir) || (await host.stat(dir)) !== undefined) return []
  return [...(await missingDirectories(host, path.dirname(dir))), dir]
}
