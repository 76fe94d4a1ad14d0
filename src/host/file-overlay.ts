/** Files as they would be: what was "written" lies in memory over what is on the host. Nothing is kept anywhere else. */
import path from 'node:path'
import { KadmError } from '../errors.ts'
import type { FileStat, Host, Owner } from './host.ts'
import type { Files } from './local-files.ts'
import { missingDirectories, pendingWrite } from './pending-write.ts'
import type { PlannedChange } from './planned-change.ts'
import { redact } from './redact.ts'

export interface FileOverlay extends Files {
  /** The file as it would be, if the run would write it. Content of secrets is left out. */
  file(path: string): PlannedFile | undefined
}

export interface PlannedFile {
  readonly mode: number
  readonly owner: Owner
  readonly secret: boolean
  readonly content?: string
}

type Entry =
  | { readonly kind: 'absent' }
  | { readonly kind: 'directory'; readonly mode: number; readonly owner: Owner }
  | { readonly kind: 'file'; readonly mode: number; readonly owner: Owner; readonly secret: boolean; readonly content: Buffer }

/** `note` is told of each change that would be made, in order. Links in the middle of a path are not seen through. */
export function fileOverlay(real: Pick<Host, 'readFile' | 'stat' | 'list'>, note: (change: PlannedChange) => void): FileOverlay {
  const entries = new Map<string, Entry>()
  const at = (file: string): Entry | undefined => entries.get(path.resolve(file))
  const put = (file: string, entry: Entry): unknown => entries.set(path.resolve(file), entry)

  const readFile: Host['readFile'] = async (file) => {
    const entry = at(file)
    if (entry === undefined) return real.readFile(file)
    if (entry.kind === 'directory')
      throw new KadmError('FILE_FAILED', `cannot read "${file}": it is a directory`, { remedy: [`ls -ld "${file}"`] })
    return entry.kind === 'file' ? Buffer.from(entry.content) : undefined
  }
  const stat: Host['stat'] = async (file) => {
    const entry = at(file)
    return entry === undefined ? real.stat(file) : statOf(entry)
  }
  const list: Host['list'] = async (dir) => {
    const entry = at(dir)
    if (entry?.kind === 'absent') return undefined
    const found = await real.list(dir)
    if (found === undefined && entry === undefined) return undefined
    const names = new Set(found)
    for (const [file, { kind }] of entries) {
      if (path.dirname(file) !== path.resolve(dir) || file === '/') continue
      if (kind === 'absent') names.delete(path.basename(file))
      else names.add(path.basename(file))
    }
    return [...names].sort()
  }
  const noteDirectories = (dirs: readonly string[], mode: number): void => {
    for (const dir of dirs) {
      if (at(dir)?.kind === 'directory') continue // another write has made it in the meantime
      put(dir, { kind: 'directory', mode, owner: root })
      note({ kind: 'make-directory', path: dir, mode })
    }
  }
  return {
    readFile,
    readText: async (file) => (await readFile(file))?.toString('utf8'),
    stat,
    list,
    writeFile: async (file, content, options) => {
      const bytes = Buffer.from(content)
      const { change, directories } = await pendingWrite({ readFile, stat }, file, bytes, options)
      if (change === undefined) return
      noteDirectories(directories, options.directoryMode ?? 0o755)
      const { before, mode, owner = root } = change
      const text = bytes.toString('utf8')
      const secret = options.secret === true || redact(text) !== text // a token in a file that nobody called secret
      put(file, { kind: 'file', mode, owner, secret, content: bytes })
      note({
        kind: 'write-file',
        path: file,
        mode,
        replaces: before !== undefined,
        ...(options.owner && { owner: options.owner }),
        ...(secret ? {} : { content: text }),
      })
    },
    appendFile: async (file, text, mode) => {
      const before = await readFile(file)
      noteDirectories(await missingDirectories({ stat }, path.dirname(file)), 0o700)
      const attributes = (await stat(file)) ?? { mode, owner: root }
      put(file, {
        kind: 'file',
        mode: attributes.mode,
        owner: attributes.owner,
        secret: true,
        content: Buffer.concat([before ?? Buffer.alloc(0), Buffer.from(text)]),
      })
      note({ kind: 'append-file', path: file, mode: attributes.mode })
    },
    makeDirectory: async (dir, mode) => noteDirectories(await missingDirectories({ stat }, dir), mode),
    removeFile: async (file) => {
      if ((await stat(file)) === undefined) return
      put(file, { kind: 'absent' })
      note({ kind: 'remove-file', path: file })
    },
    removeDirectory: async (dir) => {
      if ((await list(dir))?.length !== 0) return
      put(dir, { kind: 'absent' })
      note({ kind: 'remove-directory', path: dir })
    },
    changeOwner: async (file, owner) => {
      const found = await stat(file)
      if (found === undefined)
        throw new KadmError('FILE_FAILED', `cannot change the owner of "${file}": there is no such file`, {
          remedy: [`ls -ld "${path.dirname(file)}"`],
        })
      if (found.owner.uid === owner.uid && found.owner.gid === owner.gid) return
      if (found.kind === 'file')
        put(file, { kind: 'file', mode: found.mode, secret: secretOf(at(file)), content: (await readFile(file)) ?? Buffer.alloc(0), owner })
      if (found.kind === 'directory') put(file, { kind: 'directory', mode: found.mode, owner })
      note({ kind: 'change-owner', path: file, owner })
    },
    file: (file) => {
      const entry = at(file)
      if (entry?.kind !== 'file') return undefined
      const { mode, owner, secret, content } = entry
      return { mode, owner, secret, ...(secret ? {} : { content: content.toString('utf8') }) }
    },
  }
}

// Who kadm is when it changes a host.
const root: Owner = { uid: 0, gid: 0 }

function statOf(entry: Entry): FileStat | undefined {
  if (entry.kind === 'absent') return undefined
  return { kind: entry.kind, mode: entry.mode, owner: entry.owner, size: entry.kind === 'file' ? entry.content.length : 0 }
}

/** A file that was there before is treated as a secret: nobody said that it is none. */
function secretOf(entry: Entry | undefined): boolean {
  return entry?.kind === 'file' ? entry.secret : true
}
