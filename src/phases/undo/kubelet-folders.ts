/** The folders that a kubelet fills by itself once it is started: what lay there before is not its own, and stays when the node is undone. */
import { paths } from '../../config/paths.ts'
import type { Host } from '../../host/host.ts'
import type { FoundFolders } from '../../host/journal-file.ts'

/** Outer ones first. */
export const kubeletFolders: readonly string[] = [paths.kubelet, paths.kubeletPki, '/var/log/pods', '/var/log/containers']

/** What lies in them now. */
export async function foundFolders(host: Pick<Host, 'list'>): Promise<FoundFolders> {
  return Object.fromEntries(await Promise.all(kubeletFolders.map(async (folder) => [folder, (await host.list(folder)) ?? null] as const)))
}
