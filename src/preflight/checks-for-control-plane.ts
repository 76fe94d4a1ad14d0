/** What init, and the join of a control plane, ask of a host that is to run one. */
import type { Argument, ClusterConfiguration, InitConfig } from '../config/model.ts'
import { ports } from '../config/ports.ts'
import type { Host } from '../host/host.ts'
import { lastArgument } from '../manifests/static-pods/arguments.ts'
import { staticPodPath, type StaticPodComponent } from '../manifests/write-static-pod.ts'
import type { Check, OwnedByUnfinishedRun } from './check.ts'
import { cpuCount } from './cpu-count.ts'
import { directoryEmpty } from './directory-empty.ts'
import { fileAvailable } from './file-available.ts'
import { fileExisting } from './file-existing.ts'
import { firewalld } from './firewalld.ts'
import { httpProxyCidr } from './http-proxy-cidr.ts'
import { httpProxy } from './http-proxy.ts'
import { kubernetesVersion } from './kubernetes-version.ts'
import { memory } from './memory.ts'
import { portFree } from './port-free.ts'

export interface ControlPlaneChecksInput {
  readonly config: InitConfig
  readonly host: Host
  readonly own: OwnedByUnfinishedRun
}

/**
 * In kubeadm's order: the machine, the ports and manifests of the API server, the controller manager and the scheduler, the ways of the
 * proxies.
 */
export function controlPlaneChecks({ config, host, own }: ControlPlaneChecksInput): readonly Check[] {
  const { localAPIEndpoint } = config.init
  const { apiServer, controllerManager, scheduler, networking, kubernetesVersion: version } = config.cluster
  const port = (number: number, args: readonly Argument[], component: StaticPodComponent): Check =>
    portFree(host, { port: number, address: givenAddress(args, 'bind-address'), openedBy: [staticPodPath(component)] }, own)
  return [
    cpuCount(host),
    memory(host),
    kubernetesVersion(version),
    firewalld(host, [localAPIEndpoint.bindPort, ports.kubelet]),
    port(localAPIEndpoint.bindPort, apiServer.extraArgs, 'kube-apiserver'),
    port(ports['kube-scheduler'], scheduler.extraArgs, 'kube-scheduler'),
    port(ports['kube-controller-manager'], controllerManager.extraArgs, 'kube-controller-manager'),
    fileAvailable(host, staticPodPath('kube-apiserver'), own),
    fileAvailable(host, staticPodPath('kube-controller-manager'), own),
    fileAvailable(host, staticPodPath('kube-scheduler'), own),
    fileAvailable(host, staticPodPath('etcd'), own),
    httpProxy(host, localAPIEndpoint.advertiseAddress),
    ...networkRanges(networking).map((range) => httpProxyCidr(host, range)),
  ]
}

/** Ranges of Services and of Pods, one each. */
export function networkRanges({ serviceSubnet, podSubnet = '' }: ClusterConfiguration['networking']): readonly string[] {
  return [serviceSubnet, podSubnet].flatMap((list) => list.split(',')).filter((range) => range !== '')
}

/** Of an etcd on this host: its ports and its folder. Nothing for an external one. */
export function localEtcdChecks({ config: { init, cluster }, host, own }: ControlPlaneChecksInput): readonly Check[] {
  const { etcd } = cluster
  if (etcd.kind === 'external') return []
  // etcd listens where the API server is advertised, not where it is bound.
  const address = givenAddress(cluster.apiServer.extraArgs, 'advertise-address') ?? init.localAPIEndpoint.advertiseAddress
  // A join starts it on its data before there is a manifest: its first life.
  const openedBy = [staticPodPath('etcd'), etcd.dataDir]
  return [
    portFree(host, { port: ports.etcdClients, address, openedBy }, own),
    portFree(host, { port: ports.etcdPeers, address, openedBy }, own),
    directoryEmpty(host, etcd.dataDir, staticPodPath('etcd'), own),
  ]
}

/** Of an external etcd: the files that its clients need. Nothing for a local one. */
export function externalEtcdFiles(cluster: ClusterConfiguration, host: Pick<Host, 'stat'>): readonly Check[] {
  const { etcd } = cluster
  if (etcd.kind === 'local') return []
  const files = [etcd.caFile, etcd.certFile, etcd.keyFile].filter((path) => path !== '')
  return files.map((path) => fileExisting(host, path, 'ExternalEtcdClientCertificates'))
}

/** Patches are not looked into, as with kubeadm. */
function givenAddress(args: readonly Argument[], flag: string): string | undefined {
  return lastArgument(args, flag) || undefined
}
