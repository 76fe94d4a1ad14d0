/** The cluster as a sponsor says, once the joining host itself has reached it there. */
import { connectCluster } from '../../cluster/api-client.ts'
import { retryUntil } from '../../cluster/wait.ts'
import type { DiscoveredCluster } from '../../discovery/discovered-cluster.ts'
import type { Host } from '../../host/host.ts'
import type { Sponsor, SponsoredCluster } from './sponsor.ts'

export interface ReachOptions {
  readonly host: Pick<Host, 'dial'>
  /** Milliseconds. */
  readonly timeout: number
  readonly signal: AbortSignal
}

/** Throws API_UNREACHABLE when the host cannot reach the server in time, or the CA does not vouch for who answers there. */
export async function sponsoredCluster(
  { server, caPem, identity }: Sponsor,
  { host, timeout, signal }: ReachOptions,
): Promise<DiscoveredCluster | SponsoredCluster> {
  const stranger = connectCluster({ server, ca: caPem, signal, dial: (address) => host.dial(address) })
  try {
    // Any answer will do, also that strangers are not told: the server has shown its certificate before.
    await retryUntil(() => stranger.raw('/version'), {
      timeout,
      signal,
      describe: `an answer of the API server at "${server}" to this host`,
    })
  } finally {
    await stranger.close()
  }
  return identity.kind === 'signed'
    ? { server, caPem, sign: identity.sign }
    : { server, caPem, clusterName: 'kubernetes', user: identity.user }
}
