/** The changes of files taken back, one by one. Each look, then act: cut off anywhere, a second time does the rest. */
import type { Host } from '../../host/host.ts'
import type { UndoStep } from './undo-steps.ts'

type WritingHost = Pick<Host, 'readFile' | 'stat' | 'writeFile' | 'removeFile' | 'changeOwner' | 'makeDirectory'>

/** Everything but directories that are to go. Last changed first. */
export async function putFilesBack(host: WritingHost, steps: readonly UndoStep[]): Promise<void> {
  for (const step of steps.toReversed()) {
    if (step.act === 'put-back') await putBack(host, step)
    if (step.act === 'remove' && step.kind === 'file') await host.removeFile(step.path)
  }
}

/** Those that are empty. @returns those that are not, outermost first */
export async function removeMadeDirectories(
  host: Pick<Host, 'stat' | 'removeDirectory'>,
  steps: readonly UndoStep[],
): Promise<readonly string[]> {
  const made = steps.filter(({ act, kind }) => act === 'remove' && kind === 'directory').map(({ path }) => path)
  const left: string[] = []
  for (const path of made.toSorted((a, b) => b.length - a.length)) {
    await host.removeDirectory(path)
    if ((await host.stat(path)) !== undefined) left.unshift(path)
  }
  return left
}

async function putBack(host: WritingHost, { path, kind, before }: UndoStep): Promise<void> {
  if (before === 'absent') return
  const { mode, owner, backup } = before
  if (kind === 'directory') {
    await host.makeDirectory(path, mode)
    return host.changeOwner(path, owner)
  }
  if (backup === undefined) return host.changeOwner(path, owner)
  const content = await host.readFile(backup)
  if (content === undefined) throw new Error(`the copy "${backup}" is gone`)
  // What a link leads to keeps its mode: that of the link says nothing.
  const isLink = (await host.stat(path))?.kind === 'link'
  await host.writeFile(path, content, { mode, keepMode: isLink, secret: true, ...(!isLink && { owner }) })
}
