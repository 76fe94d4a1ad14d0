import type { Host } from '../host/host.ts'

/**
 * What is in a folder that no folder of certificates has: hidden entries, and folders but for etcd's. Who names the wrong folder must not
 * lose it. Empty for a folder that is not there.
 */
export async function strangersAmongCertificates(host: Pick<Host, 'list' | 'stat'>, folder: string): Promise<readonly string[]> {
  const names = (await host.list(folder)) ?? []
  const kinds = await Promise.all(names.map(async (name) => (await host.stat(`${folder}/${name}`))?.kind))
  return names.filter((name, index) => name.startsWith('.') || (kinds[index] === 'directory' && name !== 'etcd'))
}
