import { emptyDirectory } from '../../host/empty-directory.ts'
import type { Host } from '../../host/host.ts'
import type { FoundFolders } from '../../host/journal/journal-file.ts'
import { kubeletFolders, pluginFolders } from './kubelet-folders.ts'
import type { UndoStep } from './undo-steps.ts'

export interface EmptyKubeletFolders {
  readonly found: FoundFolders
  readonly steps: readonly UndoStep[]
  readonly warn: (line: string) => void
}

/**
 * Takes from them what was not there before the run. Files that are left for another reason stay, with the folders above them. Nothing
 * where an older kadm did not look.
 */
export async function emptyKubeletFolders(host: Host, { found, steps, warn }: EmptyKubeletFolders): Promise<void> {
  const kept = steps.filter(({ act, before }) => act === 'leave' || (act !== 'remove' && before !== 'absent')).map(({ path }) => path)
  for (const folder of kubeletFolders.toReversed()) {
    const before = found[folder]
    if (before === undefined) continue
    const isKept = (name: string): boolean =>
      before?.includes(name) === true || kept.some((path) => `${path}/`.startsWith(`${folder}/${name}/`))
    const doomed = ((await host.list(folder)) ?? []).filter((name) => !isKept(name))
    // An empty list would mean all.
    if (doomed.length > 0)
      for (const point of await emptyDirectory(host, folder, { only: doomed })) warn(`"${point}" is a mount point: it is left as it is`)
    if (before === null) await host.removeDirectory(folder)
  }
  for (const folder of pluginFolders.toReversed()) if (found[folder] === null) await host.removeDirectory(folder)
}
