/** Asks each thing about the cluster once, when the first phase needs it, and keeps the connections for the rest. */
import { connectCluster } from '../../cluster/api-client.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import type { JoinConfig } from '../../config/model.ts'
import { paths } from '../../config/paths.ts'
import { discover } from '../../discovery/discover.ts'
import type { DiscoveredCluster, DiscoveryInput, DiscoveryOptions } from '../../discovery/discovered-cluster.ts'
import type { Host } from '../../host/host.ts'
import { keySupply, type KeySupply } from '../../pki/key-supply.ts'
import { countJoiningKeys } from '../../pki/joining-control-plane.ts'
import { clusterDoor, type ClusterDoor } from '../cluster-door.ts'
import { readClusterConfig, readNode } from './cluster-facts.ts'
import type { ClusterSource } from './join-run.ts'
import type { Sponsor } from './sponsor.ts'
import { sponsoredCluster } from './sponsored-cluster.ts'
import { nodeNameOf } from './node-name.ts'

export interface ClusterSourceOptions {
  readonly join: JoinConfig
  readonly host: Host
  readonly discovery: DiscoveryInput
  readonly unsafe: Pick<DiscoveryOptions, 'unsafeAllowUnpinnedCa' | 'unsafeAllowInsecureDiscoveryFile'>
  /** In place of discovery. */
  readonly sponsor: (() => Promise<Sponsor>) | undefined
  readonly signal: AbortSignal
  readonly say: (line: string) => void
  readonly warn: (line: string) => void
}

export interface OpenClusterSource extends ClusterSource, Pick<ClusterDoor, 'recorded'> {
  /** Ends what is still under way, and the connections. */
  readonly close: () => Promise<void>
}

/** Nothing is asked before the first call. */
export function openClusterSource(options: ClusterSourceOptions): OpenClusterSource {
  const { join, host, discovery, unsafe, sponsor, say, warn } = options
  const end = new AbortController()
  const signal = AbortSignal.any([options.signal, end.signal])
  const opened: Cluster[] = []
  const open = (cluster: Cluster): Cluster => {
    opened.push(cluster)
    return cluster
  }

  const find = once(() => discover(discovery, { ...unsafe, host, timeout: join.timeouts.discovery, signal, say, warn }))
  const discovered =
    sponsor === undefined ? find : once(async () => sponsoredCluster(await sponsor(), { host, timeout: join.timeouts.discovery, signal }))
  const asBootstrapUser = once(async () => (sponsor === undefined ? open(connectAs(host, await find())) : (await sponsor()).cluster))
  const config = once(async () => {
    const cluster = await asBootstrapUser()
    say('Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...')
    return readClusterConfig(cluster, { join, signal, warn })
  })
  const keys = once(async () => {
    const all = await config()
    return keySupply(all.cluster.encryptionAlgorithm, await countJoiningKeys(host, all, paths.kubernetes))
  })
  const administrator = clusterDoor(host, paths.adminConf, signal)
  let running: KeySupply | undefined
  return {
    discovered,
    ...(sponsor !== undefined && { sponsor }),
    asBootstrapUser,
    config,
    node: once(async () => readNode(await asBootstrapUser(), nodeNameOf(join), { join, signal })),
    keys: async () => (running = await keys()),
    asAdministrator: once(async () => open(await administrator.open())),
    recorded: administrator.recorded,
    close: async () => {
      end.abort(new Error('the run has ended'))
      running?.stop()
      await Promise.all(opened.map((cluster) => cluster.close()))
    },
  }
}

function connectAs(host: Host, { server, caPem, serverName, user }: DiscoveredCluster): Cluster {
  return connectCluster({
    server,
    ca: caPem,
    serverName,
    ...(user.kind === 'token' ? { token: user.token } : { clientCertificate: user.certificate, clientKey: user.key }),
    dial: (address) => host.dial(address),
  })
}

/** The result of the first call, for all calls. What failed once fails again: the run is over then. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}
