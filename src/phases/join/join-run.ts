/** What the phases of `kadm join` are given. Data only: a phase takes the part that it uses (`Pick<JoinRun, 'join' | 'host'>`). */
import type { Cluster, KubernetesObject } from '../../cluster/cluster.ts'
import type { InitConfig, JoinConfig } from '../../config/model.ts'
import type { DiscoveredCluster } from '../../discovery/discovered-cluster.ts'
import type { Host } from '../../host/host.ts'
import type { JournaledRun } from '../../host/journal/journal-runs.ts'
import type { KeySupply } from '../../pki/key-supply.ts'
import type { OwnedByUnfinishedRun } from '../../preflight/check.ts'
import type { Sponsor, SponsoredCluster } from './sponsor.ts'

export interface JoinRun {
  /** What the user asked for. */
  readonly join: JoinConfig
  readonly host: Host
  /** When the run began: the validity of all its certificates counts from here. */
  readonly start: Date
  /** Not single phases: a later one can finish what an earlier one has begun. */
  readonly isWhole: boolean
  /** Looked at by the first phase that needs it; later ones share what was found. */
  readonly source: ClusterSource
  /** `--replace`: a dead etcd member and Node of this node's name are removed. */
  readonly replace: boolean
  readonly own: OwnedByUnfinishedRun
  /** A run of the same command with another input that was not finished here. */
  readonly unfinished: JournaledRun | undefined
  readonly ignorePreflightErrors: ReadonlySet<string>
}

/** Why a phase for control planes has nothing to do. */
export function noControlPlane({ join }: Pick<JoinRun, 'join'>): string | false {
  return join.controlPlane === undefined ? 'Skipping phase: this node is a worker. Please see --control-plane' : false
}

/** What a joining node finds out about the cluster. Each is asked once. */
export interface ClusterSource {
  /** Where the cluster is, and that it is the right one. */
  readonly discovered: () => Promise<DiscoveredCluster | SponsoredCluster>
  /** There when somebody in the cluster speaks for the node. */
  readonly sponsor?: () => Promise<Sponsor>
  /** Its API, as who the node is until it has a certificate of its own. */
  readonly asBootstrapUser: () => Promise<Cluster>
  /** The configuration of the cluster with that of this node in it: what `init` would have had here. */
  readonly config: () => Promise<InitConfig>
  /** The Node of this node's name, when the cluster has one before this node has joined. */
  readonly node: () => Promise<KubernetesObject | undefined>
  /** Keys for a control plane, made while other things are done. */
  readonly keys: () => Promise<KeySupply>
  /** The API as its administrator (admin.conf), for a control plane. */
  readonly asAdministrator: () => Promise<Cluster>
}
