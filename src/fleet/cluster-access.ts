/** The cluster by way of one of its control planes, as soon as that one's API answers; and what it does for nodes that join. */
import type { Cluster } from '../cluster/cluster.ts'
import { kinds } from '../cluster/kinds.ts'
import { retryUntil } from '../cluster/wait.ts'
import { paths } from '../config/paths.ts'
import type { Host } from '../host/host.ts'
import { readKubeconfig } from '../pki/kubeconfig-file.ts'
import { connectOwnCluster } from '../pki/own-cluster.ts'
import { readSharedFiles } from '../pki/shared-files.ts'
import type { Sponsor } from '../phases/join/sponsor.ts'
import type { ClusterAccess } from './fleet-run.ts'
import { fleetToken, type FleetToken } from './fleet-token.ts'
import { signForNode } from './sign-for-node.ts'

export interface ClusterAccessOptions {
  readonly host: Host
  /** Further control planes that are there: one of them may have the key of the CA. */
  readonly others: readonly Host[]
  /** It is there already: nobody has to tell that it answers. */
  readonly isThere: boolean
  /** Nodes get their certificate by a bootstrap token, as kubeadm does it. */
  readonly tokens: boolean
  readonly signal: AbortSignal
}

/** Milliseconds. A control plane that was just switched on has no API for a while. */
const patience = 60_000

/**
 * As administrator, by the own API server of one of these control planes: of the first that answers.
 * @param timeout milliseconds
 * @throws API_UNREACHABLE or KUBECONFIG_INVALID of one of them, when none does in time
 */
export async function firstThatAnswers(
  controlPlanes: readonly Host[],
  { timeout, signal }: { readonly timeout: number; readonly signal: AbortSignal },
): Promise<Cluster> {
  const over = new AbortController()
  const asked = controlPlanes.map(async (host) => {
    const cluster = await connectOwnCluster(host, signal)
    try {
      await retryUntil(() => cluster.list(kinds.node), {
        timeout,
        signal: AbortSignal.any([signal, over.signal]),
        describe: `an answer of the API at "${cluster.server}"`,
      })
      return cluster
    } catch (error) {
      await cluster.close()
      throw error
    }
  })
  try {
    const first = await Promise.any(asked)
    for (const other of asked)
      other.then(
        (cluster) => (cluster === first ? undefined : cluster.close()),
        () => undefined,
      )
    return first
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof AggregateError ? (error.errors[0] ?? new Error('no control plane is there to be asked')) : error
  } finally {
    over.abort()
  }
}

export function clusterAccess({ host, others, isThere, tokens, signal }: ClusterAccessOptions): ClusterAccess {
  const up = Promise.withResolvers<void>()
  up.promise.catch(() => undefined)
  if (isThere) up.resolve()
  let opened: Promise<Cluster> | undefined
  let token: Promise<FleetToken> | undefined
  const cluster = (): Promise<Cluster> =>
    (opened ??= up.promise.then(() =>
      isThere ? firstThatAnswers([host, ...others], { timeout: patience, signal }) : connectOwnCluster(host, signal),
    ))

  const sponsor = async (nodeName: string): Promise<Sponsor> => {
    const api = await cluster()
    const { server, certificateAuthority: caPem = '' } = await readKubeconfig(host, paths.adminConf)
    const sharedFiles: Sponsor['sharedFiles'] = (config) => readSharedFiles(host, config)
    if (!tokens) {
      const signing = { controlPlanes: [host, ...others], cluster: api, caPem, nodeName, signal }
      return {
        server,
        caPem,
        cluster: api,
        sharedFiles,
        identity: { kind: 'signed', sign: (request, say) => signForNode(request, { ...signing, say }) },
      }
    }
    token ??= fleetToken(api, host.now(), signal)
    return { server, caPem, cluster: api, sharedFiles, identity: { kind: 'token', user: (await token).user } }
  }
  return {
    cluster,
    sponsor,
    apiAnswers: () => up.resolve(),
    failed: (error) => up.reject(error),
    close: async () => {
      await (await token?.catch(() => undefined))?.remove()
      await (await opened?.catch(() => undefined))?.close()
    },
  }
}
