/** Finds the cluster to join and makes sure that it is the one that was meant. Only reads. */
import type { DiscoveredCluster, DiscoveryInput, DiscoveryOptions } from './discovered-cluster.ts'
import { discoverByFile } from './file-discovery.ts'
import { discoverByToken } from './token-discovery.ts'

/**
 * The cluster, once what vouches for it has been checked. No credential is sent to a server before its certificate is verified.
 *
 * Throws, at once: CONFIG_INVALID, TOKEN_INVALID or KUBECONFIG_INVALID for an input that cannot work, CA_HASH_MISMATCH and
 * DISCOVERY_UNTRUSTED for a cluster that is not to be trusted. After the time is up: DISCOVERY_FAILED with what was last seen. Or the
 * signal's reason.
 */
export async function discover(discovery: DiscoveryInput, options: DiscoveryOptions): Promise<DiscoveredCluster> {
  return discovery.kind === 'token' ? discoverByToken(discovery, options) : discoverByFile(discovery, options)
}
