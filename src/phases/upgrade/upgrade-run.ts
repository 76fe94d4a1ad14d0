/**
 * What the phases of `kadm upgrade apply` and `kadm upgrade node` are given. Data only: a phase takes the part that it uses
 * (`Pick<UpgradeRun, 'upgrade' | 'host'>`).
 */
import type { Cluster } from '../../cluster/cluster.ts'
import type { InitConfig } from '../../config/model.ts'
import type { UpgradeApplyConfig, UpgradeWorkConfig } from '../../config/upgrade-config.ts'
import type { Host } from '../../host/host.ts'
import type { KubeletUpgrade } from './kubelet-upgrade.ts'

export interface UpgradeRun {
  /** What the user asked for. */
  readonly upgrade: UpgradeWorkConfig
  readonly host: Host
  /** When the run began: the validity of renewed certificates counts from here. */
  readonly start: Date
  /** Is there a static Pod of kube-apiserver on this host? `apply` takes it for given. */
  readonly isControlPlane: boolean
  /** Does it go on with one that was cut off? That one may have stopped the API. */
  readonly isResumed: boolean
  /** Looked at by the first phase that needs it; later ones share what was found. */
  readonly source: UpgradeSource
  /** Folder for what was before: manifests, certificates, a snapshot of etcd. A run that goes on with another one has the same. */
  readonly backup: string
}

export interface ApplyRun extends UpgradeRun {
  readonly upgrade: UpgradeApplyConfig
  /** Asks the person at the terminal; throws NOT_CONFIRMED when the answer is not yes. Resolves at once where nobody is to be asked. */
  readonly confirm: () => Promise<void>
}

export interface NodeRun extends UpgradeRun {
  /** The kubelet that the node shall have; `undefined` where it is left to others, as kubeadm does. */
  readonly kubelet: Pick<KubeletUpgrade, 'target' | 'drainTimeout'> | undefined
}

/** What the node to be upgraded finds out about its cluster. Each is asked once. */
export interface UpgradeSource {
  /** The API, as its administrator; on a worker as the kubelet. */
  readonly cluster: () => Promise<Cluster>
  /** The configuration of the cluster and of this node as the upgrade leaves them: `kubernetesVersion` is the new one. */
  readonly config: () => Promise<InitConfig>
}

/** Why a phase for control planes has nothing to do. */
export function noControlPlane({ isControlPlane }: Pick<UpgradeRun, 'isControlPlane'>, phase: string): string | false {
  return isControlPlane ? false : `[upgrade/${phase}] Skipping phase. Not a control plane node.`
}
