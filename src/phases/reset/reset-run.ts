/** What the phases of `kadm reset` are given. Data only: a phase takes the part that it uses (`Pick<ResetRun, 'config' | 'host'>`). */
import type { ResetConfig } from '../../config/model.ts'
import type { Host } from '../../host/host.ts'
import type { EtcdOfHost } from '../../manifests/static-pods/read-etcd.ts'
import type { Leftover } from './leftover.ts'

export interface ResetRun {
  /** What the user asked for. */
  readonly config: ResetConfig
  readonly host: Host
  /** All of it is run, up to its end: on the host it is noted that it has begun, until then. */
  readonly isWhole: boolean
  /** The kubeconfig to ask the API with where the host itself does not know enough. */
  readonly kubeconfig: string
  /** That etcd cannot be asked is an error, not a warning. */
  readonly mustLeaveEtcd: boolean
  /** What else is to go than what kadm and kubeadm made: `--cleanup`. */
  readonly cleanup: ReadonlySet<Leftover['kind']>
  /** What the host says of itself, before the first phase takes any of it away. */
  readonly before: HostBefore
}

export interface HostBefore {
  /** `unreadable`: there is a manifest, and it does not say where the data is. */
  readonly etcd: EtcdOfHost | 'unreadable' | undefined
  /** Where an etcd of this host has its data. A join that was cut off may have made it before there was a manifest. */
  readonly etcdData: string | undefined
  /** A member of an etcd was to run on this host: by a manifest of etcd or of an API server, or by a join that was cut off. */
  readonly wasMember: boolean
  /** Of such a join, where there is no manifest of etcd: it may have added the member, and told nobody. */
  readonly hasBegunToJoin: boolean
  /** An earlier reset was cut off after it had left etcd. */
  readonly hasLeft: boolean
  /** Folders with the certificates of the cluster: the one of the configuration first. */
  readonly certificateFolders: readonly string[]
  /** Of this host's kubelet, where it has a certificate. */
  readonly nodeName: string | undefined
  /** Kubeconfigs of users that lead to this host's cluster. */
  readonly userKubeconfigs: readonly Leftover[]
}
