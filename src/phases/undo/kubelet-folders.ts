/**
 * The folders that a kubelet fills by itself once it is started: what lay there before is not its own, and stays when the node is undone.
 */
import { paths } from '../../config/paths.ts'
import type { Host } from '../../host/host.ts'
import type { FoundFolders } from '../../host/journal/journal-file.ts'

/** Outer ones first. */
export const kubeletFolders: readonly string[] = [paths.kubelet, paths.kubeletPki, '/var/log/pods', '/var/log/containers']

/** Where a kubelet looks for programs of others, and makes what is missing: what lies in them is never its own. Outer ones first. */
export const pluginFolders: readonly string[] = ['', '/kubelet-plugins', '/kubelet-plugins/volume', '/kubelet-plugins/volume/exec'].map(
  (end) => `/usr/libexec/kubernetes${end}`,
)

/** What lies in all of them now, and in others that the run is going to fill. */
export async function foundFolders(host: Pick<Host, 'list'>, others: readonly string[] = []): Promise<FoundFolders> {
  const folders = [...kubeletFolders, ...pluginFolders, ...others]
  return Object.fromEntries(await Promise.all(folders.map(async (folder) => [folder, (await host.list(folder)) ?? null] as const)))
}
