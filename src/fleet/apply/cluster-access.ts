/** The cluster by way of one of its control planes, as soon as that one's API answers; and what it does for nodes that join. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../../cluster/cluster.ts'
import { kinds } from '../../cluster/kinds.ts'
import { retryUntil } from '../../cluster/wait.ts'
import { paths } from '../../config/paths.ts'
import type { Host } from '../../host/host.ts'
import { findKubeconfig, readKubeconfig } from '../../pki/kubeconfig/kubeconfig-file.ts'
import { connectOwnCluster } from '../../pki/own-cluster.ts'
import { readSharedFiles } from '../../pki/shared-files.ts'
import type { Sponsor } from '../../phases/join/sponsor.ts'
import { firstAnswer } from '../look/first-answer.ts'
import type { Action } from '../plan/decide.ts'
import type { ClusterAccess, FleetHost, FleetRun } from '../fleet-run.ts'
import { fleetToken, type FleetToken } from './fleet-token.ts'
import { sharedServer } from './shared-server.ts'
import { signForNode } from './sign-for-node.ts'

export interface ClusterAccessOptions {
  readonly host: Host
  /** Further control planes that are there, and that the file wants to be control planes. */
  readonly others: readonly Host[]
  /** Those that become control planes by this apply: at its end they are there. */
  readonly coming: readonly Host[]
  /** Those that leave, and take their API with them in the middle of it: one of them may have the key of the CA. */
  readonly leaving: readonly Host[]
  readonly api: ApiAtStart
  /** Nodes get their certificate by a bootstrap token, as kubeadm does it. */
  readonly tokens: boolean
  readonly signal: AbortSignal
}

/**
 * Of the cluster, when an apply begins: `there`: nobody has to tell that it answers; `coming`: the init of this apply makes it; `stopped`: an
 * upgrade that was cut off may have stopped it, and brings it back.
 */
export type ApiAtStart = 'there' | 'coming' | 'stopped'

/** A control plane, and the cluster by way of its own API server. */
export interface Entry {
  readonly host: Host
  /** PEM that vouches for it; `undefined`: what the host itself says. */
  readonly certificateAuthority: string | undefined
  readonly cluster: Cluster
}

/** Milliseconds. A control plane that was just switched on has no API for a while. */
const apiPatience = 60_000
/** Milliseconds that the end of a run which was stopped may still take. */
const tidyingTime = 5000

/**
 * As administrator, by the own API server of one of these control planes: of the first that answers and that the CA vouches for which the
 * first of the list trusts. What another one says of its CA is not asked: one that was taken over may serve an API of its own.
 * @param timeout milliseconds
 * @param vouching PEM of a CA that is known already
 * @throws API_UNREACHABLE or KUBECONFIG_INVALID of one of them, when none does in time
 */
export async function firstThatAnswers(
  controlPlanes: readonly Host[],
  { timeout, signal, vouching }: { readonly timeout: number; readonly signal: AbortSignal; readonly vouching?: string | undefined },
): Promise<Entry> {
  const certificateAuthority = vouching ?? (await firstAuthority(controlPlanes))
  const ask = async (host: Host, stop: AbortSignal): Promise<Entry> => {
    const cluster = await connectOwnCluster(host, signal, certificateAuthority)
    try {
      const describe = `an answer of the API at "${cluster.server}"`
      await retryUntil(() => cluster.list(kinds.node), { timeout, signal: stop, describe })
      return { host, certificateAuthority, cluster }
    } catch (error) {
      await cluster.close()
      throw error
    }
  }
  return firstAnswer(controlPlanes, ask, { signal, late: ({ cluster }) => void cluster.close() })
}

/** PEM, by the admin.conf of the first of them that has one. */
export async function firstAuthority(controlPlanes: readonly Host[]): Promise<string | undefined> {
  for (const host of controlPlanes) {
    const file = await findKubeconfig(host, paths.adminConf).catch(() => undefined)
    if (file?.certificateAuthority !== undefined) return file.certificateAuthority
  }
  return undefined
}

export interface TidyOptions {
  /** Of the run: its stop has ended the connection. */
  readonly signal: AbortSignal
  /** Further control planes to do it by. */
  readonly others?: readonly Host[]
  /** Milliseconds for an API that does not answer at the end of a run which nobody has stopped. */
  readonly patience: number
}

/**
 * Takes from the cluster what was there for the time of a run; where that connection does not answer (any more), by a new one. What cannot
 * be taken away in time is left to its own end.
 */
export async function tidyUp(
  { host, certificateAuthority: vouching, cluster }: Entry,
  works: readonly ((by: Cluster) => Promise<void>)[],
  { signal, others = [], patience }: TidyOptions,
): Promise<void> {
  const areDone = async (by: Cluster): Promise<boolean> => {
    const ended = await Promise.allSettled(works.map((work) => work(by)))
    return ended.every(({ status }) => status === 'fulfilled')
  }
  const timeout = signal.aborted ? tidyingTime : patience
  if (works.length === 0 || (await areDone(cluster)) || timeout === 0) return
  const again = async (): Promise<void> => {
    const { cluster: by } = await firstThatAnswers([host, ...others], { timeout, signal: AbortSignal.timeout(timeout), vouching })
    await areDone(by)
    await by.close()
  }
  await Promise.race([again().catch(() => undefined), sleep(timeout, undefined, { ref: false })])
}

/**
 * Those that are there besides the first: who stays, and who is to leave. Whom the file does not want as a control plane is not asked, be
 * there what may on its disk: who has taken over a worker would be the cluster for all others.
 */
export function controlPlanesBeside(
  first: Pick<FleetHost, 'name'>,
  { file, hosts, actions }: Pick<FleetRun, 'file' | 'hosts' | 'actions'>,
): Pick<ClusterAccessOptions, 'others' | 'coming' | 'leaving'> {
  const those = (wantedKind: Action['kind']) => new Set(actions.filter(({ kind }) => kind === wantedKind).map(({ host }) => host))
  const [joiners, leavers] = [those('join'), those('remove')]
  const wanted = new Set(file.hosts.filter(({ role }) => role === 'control-plane').map(({ name }) => name))
  const found = [...hosts.values()].filter(({ name, state }) => name !== first.name && state.node === 'control-plane')
  return {
    others: found.filter(({ name }) => wanted.has(name)).map(({ host }) => host),
    coming: [...hosts.values()].filter(({ name }) => joiners.has(name) && wanted.has(name)).map(({ host }) => host),
    leaving: found.filter(({ name }) => leavers.has(name)).map(({ host }) => host),
  }
}

export function clusterAccess({ host, others, coming, leaving, api: apiAtStart, tokens, signal }: ClusterAccessOptions): ClusterAccess {
  const up = Promise.withResolvers<void>()
  up.promise.catch(() => undefined)
  if (apiAtStart === 'there') up.resolve()
  let opened: Promise<Entry> | undefined
  let token: FleetToken | undefined
  let askedServer: Promise<string | undefined> | undefined
  const open = async (): Promise<Entry> => {
    await up.promise
    return apiAtStart === 'coming'
      ? { host, certificateAuthority: undefined, cluster: await connectOwnCluster(host, signal) }
      : firstThatAnswers([host, ...others], { timeout: apiPatience, signal })
  }
  const cluster = async (): Promise<Cluster> => (await (opened ??= open())).cluster
  const reach = async (): Promise<Cluster> => {
    if (apiAtStart === 'stopped') up.resolve()
    return cluster()
  }

  const sponsor = async (nodeName: string): Promise<Sponsor> => {
    const api = await cluster()
    const [{ server: ofAdmin, certificateAuthority: caPem = '' }, shared] = await Promise.all([
      readKubeconfig(host, paths.adminConf),
      // One that was made just now says it itself, and keeps nothing yet.
      apiAtStart === 'there' ? (askedServer ??= sharedServer(api, { timeout: apiPatience, signal })) : undefined,
    ])
    const server = shared ?? ofAdmin
    const sharedFiles: Sponsor['sharedFiles'] = (config) => readSharedFiles(host, config)
    if (!tokens) {
      const signing = { controlPlanes: [host, ...others, ...leaving], cluster: api, caPem, nodeName, signal }
      return {
        server,
        caPem,
        cluster: api,
        sharedFiles,
        identity: { kind: 'signed', sign: (request, say) => signForNode(request, { ...signing, say }) },
      }
    }
    token ??= fleetToken(api, host.now(), signal)
    return { server, caPem, cluster: api, sharedFiles, identity: { kind: 'token', user: await token.user } }
  }
  return {
    cluster,
    reach,
    wasStopped: apiAtStart === 'stopped',
    sponsor,
    apiAnswers: () => up.resolve(),
    failed: (error) => up.reject(error),
    close: async (lease) => {
      const entry = await opened?.catch(() => undefined)
      if (entry === undefined) return
      await tidyUp(
        entry,
        [token?.remove, lease?.release].filter((work) => work !== undefined),
        { signal, others: [...others, ...coming], patience: apiPatience },
      )
      await entry.cluster.close()
    },
  }
}
