/** Which ports the hosts of a cluster have to reach of one another. Pure. */
import { numberAt } from '../../cluster/object-fields.ts'
import type { ClusterFile, ClusterHost } from '../../config/cluster-file.ts'
import { part } from '../../config/document-fields.ts'
import { ports } from '../../config/ports.ts'

export interface NeededPort {
  readonly port: number
  /** Who listens there. */
  readonly what: string
  /** Without it the cluster does not come up; else logs, exec and metrics of Pods fail. */
  readonly vital: boolean
}

export interface PortOwner extends Pick<ClusterHost, 'role'> {
  /** Of the API server that it has already. */
  readonly apiPort?: number | undefined
}

/** Those of `to` that `from` has to reach; none between two workers. */
export function neededPorts(file: ClusterFile, from: Pick<ClusterHost, 'role'>, to: PortOwner): readonly NeededPort[] {
  return portsOf(file, to).filter(({ port }) =>
    from.role === 'control-plane' ? true : to.role === 'control-plane' && port === apiPort(file, to),
  )
}

/** Those that something listens on once the host is in the cluster, and that others must reach. */
export function portsOf(file: ClusterFile, owner: PortOwner): readonly NeededPort[] {
  const kubelet = { port: kubeletPortOf(file), what: 'kubelet', vital: false }
  if (owner.role !== 'control-plane') return [kubelet]
  const etcd = isEtcdExternal(file) ? [] : [ports.etcdClients, ports.etcdPeers].map((port) => ({ port, what: 'etcd', vital: true }))
  return [{ port: apiPort(file, owner), what: 'API server', vital: true }, ...etcd, kubelet]
}

export function isEtcdExternal({ kubeadm }: Pick<ClusterFile, 'kubeadm'>): boolean {
  return part(kubeadm.clusterConfiguration, 'etcd')['external'] !== undefined
}

function apiPort({ kubeadm: { initConfiguration } }: ClusterFile, { apiPort: own }: PortOwner): number {
  return own ?? numberAt(initConfiguration, 'localAPIEndpoint.bindPort') ?? ports['kube-apiserver']
}

function kubeletPortOf({ kubeadm: { kubeletConfiguration } }: ClusterFile): number {
  return numberAt(kubeletConfiguration, 'port') ?? ports.kubelet
}
