/**
 * The kubeconfig files of a control plane, in kubeadm's order. `init phase kubeconfig`, the join of a control plane and `certs renew` read
 * this list.
 */
import type { InitConfig } from '../../config/model.ts'
import { localServerUrl, sharedServerUrl } from '../../config/server-url.ts'
import type { Subject } from '../x509.ts'

export interface KubeconfigSpec {
  /** Of the sub-phase of `kubeconfig`. */
  readonly name: string
  /** What the sub-phase does, for help. */
  readonly title: string
  /** File name below /etc/kubernetes; also its name for `certs renew`. */
  readonly file: string
  /** The user; its name in the file is the common name. */
  readonly subject: (config: InitConfig) => Subject
  /** URL of the API server that it talks to. */
  readonly server: (config: InitConfig) => string
}

export const kubeconfigSpecs: readonly KubeconfigSpec[] = [
  {
    name: 'admin',
    title: 'Generate a kubeconfig file for the admin to use and for kubeadm itself',
    file: 'admin.conf',
    subject: () => ({ commonName: 'kubernetes-admin', organizations: ['kubeadm:cluster-admins'] }),
    server: sharedServerUrl,
  },
  {
    name: 'super-admin',
    title: 'Generate a kubeconfig file for the super-admin',
    file: 'super-admin.conf',
    // system:masters passes by all of RBAC: the way back in when RBAC itself is broken.
    subject: () => ({ commonName: 'kubernetes-super-admin', organizations: ['system:masters'] }),
    server: sharedServerUrl,
  },
  {
    name: 'kubelet',
    title: 'Generate a kubeconfig file for the kubelet to use *only* for cluster bootstrapping purposes',
    file: 'kubelet.conf',
    subject: ({ init }) => ({ commonName: `system:node:${init.nodeRegistration.name}`, organizations: ['system:nodes'] }),
    // A kubelet must not be newer than its API server, so the one beside it counts, whatever the others run.
    server: localServerUrl,
  },
  {
    name: 'controller-manager',
    title: 'Generate a kubeconfig file for the controller manager to use',
    file: 'controller-manager.conf',
    subject: () => ({ commonName: 'system:kube-controller-manager', organizations: [] }),
    server: localServerUrl,
  },
  {
    name: 'scheduler',
    title: 'Generate a kubeconfig file for the scheduler to use',
    file: 'scheduler.conf',
    subject: () => ({ commonName: 'system:kube-scheduler', organizations: [] }),
    server: localServerUrl,
  },
]
