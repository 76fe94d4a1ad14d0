/** The kubeconfig files of a control plane, in kubeadm's order. `init phase kubeconfig`, the join of a control plane and `certs renew` read this list. */
import { formatIp, parseIp } from '../config/ip-address.ts'
import type { InitConfig } from '../config/model.ts'
import { KadmError } from '../errors.ts'
import type { Subject } from './x509.ts'

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
    server: sharedServer,
  },
  {
    name: 'super-admin',
    title: 'Generate a kubeconfig file for the super-admin',
    file: 'super-admin.conf',
    // system:masters passes by all of RBAC: the way back in when RBAC itself is broken.
    subject: () => ({ commonName: 'kubernetes-super-admin', organizations: ['system:masters'] }),
    server: sharedServer,
  },
  {
    name: 'kubelet',
    title: 'Generate a kubeconfig file for the kubelet to use *only* for cluster bootstrapping purposes',
    file: 'kubelet.conf',
    subject: ({ init }) => ({ commonName: `system:node:${init.nodeRegistration.name}`, organizations: ['system:nodes'] }),
    // A kubelet must not be newer than its API server, so the one beside it counts, whatever the others run.
    server: localServer,
  },
  {
    name: 'controller-manager',
    title: 'Generate a kubeconfig file for the controller manager to use',
    file: 'controller-manager.conf',
    subject: () => ({ commonName: 'system:kube-controller-manager', organizations: [] }),
    server: localServer,
  },
  {
    name: 'scheduler',
    title: 'Generate a kubeconfig file for the scheduler to use',
    file: 'scheduler.conf',
    subject: () => ({ commonName: 'system:kube-scheduler', organizations: [] }),
    server: localServer,
  },
]

/** This node's own API server. */
export function localServer({ init }: Pick<InitConfig, 'init'>): string {
  const { advertiseAddress, bindPort } = init.localAPIEndpoint
  const ip = parseIp(advertiseAddress)
  if (ip === undefined) {
    throw new KadmError('CONFIG_INVALID', `localAPIEndpoint.advertiseAddress is "${advertiseAddress}": it must be an IP address`, {
      remedy: ['set localAPIEndpoint.advertiseAddress in the configuration'],
    })
  }
  return `https://${bracketed(formatIp(ip))}:${bindPort}`
}

/** The endpoint that all control planes share, or this node's own when there is none. */
export function sharedServer(config: Pick<InitConfig, 'init' | 'cluster'>): string {
  const endpoint = config.cluster.controlPlaneEndpoint
  if (endpoint === undefined || endpoint === '') return localServer(config)
  const { bindPort } = config.init.localAPIEndpoint
  if (parseIp(endpoint) !== undefined || !endpoint.includes(':')) return `https://${bracketed(endpoint)}:${bindPort}`
  return endpoint.endsWith(':') ? `https://${endpoint}${bindPort}` : `https://${endpoint}`
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
