/** `--tokens`: one bootstrap token for the joins of an apply, gone when it is over. */
import type { Cluster } from '../../cluster/cluster.ts'
import { retryUntil } from '../../cluster/wait.ts'
import { tokenUser, type BootstrapUser } from '../../discovery/discovered-cluster.ts'
import { generateToken } from '../../tokens/bootstrap-token.ts'
import { deleteToken, ensureToken } from '../../tokens/tokens-in-cluster.ts'

export interface FleetToken {
  /** Resolves when the cluster knows the token. */
  readonly user: Promise<BootstrapUser>
  /** Also one that is half made: the answer may have been lost. `by`: the same cluster, by a connection that no stop has ended. */
  readonly remove: (by: Cluster) => Promise<void>
}

/** Lives half an hour if nobody removes it. */
export function fleetToken(cluster: Cluster, now: Date, signal: AbortSignal): FleetToken {
  const token = generateToken()
  const groups = ['system:bootstrappers:kubeadm:default-node-token']
  const record = { token, description: 'for the joins of one kadm apply', ttl: 30 * 60_000, usages: ['authentication'], groups }
  // A young API server does not let its administrator do this yet.
  const made = retryUntil(() => ensureToken(cluster, record, { now, timeout: 5000, signal }), {
    timeout: 60_000,
    signal,
    describe: 'a bootstrap token',
  })
  return {
    user: made.then(() => tokenUser(token)),
    remove: async (by) => void (await deleteToken(by, token)),
  }
}
