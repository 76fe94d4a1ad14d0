/** What the phases of `kadm init` are given. Data only: a phase takes the part that it uses (`Pick<InitRun, 'config' | 'host'>`). */
import type { Cluster } from '../../cluster/cluster.ts'
import type { InitConfig } from '../../config/model.ts'
import type { Host } from '../../host/host.ts'

export interface InitRun {
  readonly config: InitConfig
  readonly host: Host
  /**
   * The API of the new control plane with the rights of admin.conf. The first call makes sure that those rights exist
   * (ClusterRoleBinding `kubeadm:cluster-admins`); later calls share the connection.
   */
  readonly cluster: () => Promise<Cluster>
  readonly options: InitOptions
}

export interface InitOptions {
  readonly uploadCerts: boolean
  readonly skipTokenPrint: boolean
  readonly skipCertificateKeyPrint: boolean
  readonly ignorePreflightErrors: readonly string[]
  /** Folder of admin.conf and its siblings; kubeadm's default is /etc/kubernetes. */
  readonly kubeconfigDir: string
  /** The admin kubeconfig to use; kubeadm's default is /etc/kubernetes/admin.conf. */
  readonly kubeconfig: string
}
