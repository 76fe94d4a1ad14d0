/** What the phases of `kadm init` are given. Data only: a phase takes the part that it uses (`Pick<InitRun, 'config' | 'host'>`). */
import type { Cluster } from '../../cluster/cluster.ts'
import type { InitConfig } from '../../config/model.ts'
import type { Host } from '../../host/host.ts'
import type { JournaledRun } from '../../host/journal/journal-runs.ts'
import type { KeySupply } from '../../pki/key-supply.ts'
import type { OwnedByUnfinishedRun } from '../../preflight/check.ts'

export interface InitRun {
  readonly config: InitConfig
  readonly host: Host
  /** When the run began: the validity of all its certificates counts from here. */
  readonly start: Date
  /** Keys that are being made while other things are done. */
  readonly keys: KeySupply
  /**
   * The API of the new control plane with an administrator's rights. The first call makes sure that admin.conf has them
   * (ClusterRoleBinding `kubeadm:cluster-admins`); later calls share the connection.
   */
  readonly cluster: () => Promise<Cluster>
  /** The key that seals the shared certificates: the user's, or one made once for this run. */
  readonly certificateKey: () => Promise<string>
  /** The token whose end takes the uploaded certificates away: one for each run. */
  readonly shortLivedToken: () => Promise<string>
  readonly own: OwnedByUnfinishedRun
  /** A run of the same command with another input that was not finished here. */
  readonly unfinished: JournaledRun | undefined
  readonly options: InitOptions
}

export interface InitOptions {
  readonly uploadCerts: boolean
  readonly skipTokenPrint: boolean
  readonly skipCertificateKeyPrint: boolean
  readonly ignorePreflightErrors: ReadonlySet<string>
  /** Folder of admin.conf and its siblings; kubeadm's default is /etc/kubernetes. */
  readonly kubeconfigDir: string
  /** The admin kubeconfig to use; kubeadm's default is /etc/kubernetes/admin.conf. */
  readonly kubeconfig: string
  readonly printManifest: boolean
}
