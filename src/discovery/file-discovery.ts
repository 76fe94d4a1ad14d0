import type { DiscoveredCluster, DiscoveryOptions, FileDiscovery } from './discovered-cluster.ts'

export async function discoverByFile(_discovery: FileDiscovery, _options: DiscoveryOptions): Promise<DiscoveredCluster> {
  throw new Error('not there yet')
}
