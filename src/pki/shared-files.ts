/** What all control planes of a cluster share, taken from one host to another without a stop on the way. */
import type { InitConfig } from '../config/model.ts'
import type { Host } from '../host/host.ts'
import { sharedCertificatePaths, sharedFileOptions } from './shared-certificates.ts'

/** By path; a file that is not there (the key of an external CA) is left out. */
export async function readSharedFiles(
  host: Pick<Host, 'readFile'>,
  config: Pick<InitConfig, 'cluster'>,
): Promise<ReadonlyMap<string, Buffer>> {
  const paths = [...sharedCertificatePaths(config.cluster).values()].filter((path) => path !== '')
  const found = await Promise.all(paths.map(async (path) => [path, await host.readFile(path)] as const))
  return new Map(found.flatMap(([path, content]) => (content === undefined ? [] : [[path, content] as const])))
}

/**
 * Private keys are for root alone, whatever was there before. Throws CERTIFICATE_INVALID for a file that is neither key nor certificate,
 * before any is written.
 */
export async function writeSharedFiles(files: ReadonlyMap<string, Buffer>, host: Pick<Host, 'writeFile'>): Promise<void> {
  const written = [...files].map(([path, content]) => ({ path, content, options: sharedFileOptions(path, content) }))
  await Promise.all(written.map(({ path, content, options }) => host.writeFile(path, content, options)))
}
