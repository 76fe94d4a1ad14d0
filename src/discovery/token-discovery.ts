import type { DiscoveredCluster, DiscoveryOptions, TokenDiscovery } from './discovered-cluster.ts'

export async function discoverByToken(_discovery: TokenDiscovery, _options: DiscoveryOptions): Promise<DiscoveredCluster> {
  throw new Error('not there yet')
}
