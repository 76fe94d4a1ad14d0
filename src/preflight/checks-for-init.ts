/** What `kadm init` asks of a host before it changes anything: kubeadm's checks in kubeadm's order, and one of kadm's own. */
import { ipFamily } from '../config/ip-address.ts'
import type { Argument, InitConfig } from '../config/model.ts'
import { paths } from '../config/paths.ts'
import type { Host } from '../host/host.ts'
import { pauseImage } from '../manifests/images.ts'
import type { Check, CheckGroups, OwnedByUnfinishedRun } from './check.ts'
import { kubeletPort, nodeChecks } from './checks-for-node.ts'
import { cpuCount } from './cpu-count.ts'
import { directoryEmpty } from './directory-empty.ts'
import { externalEtcdVersion } from './external-etcd-version.ts'
import { fileAvailable } from './file-available.ts'
import { forwardingEnabled } from './file-content.ts'
import { fileExisting } from './file-existing.ts'
import { firewalld } from './firewalld.ts'
import { httpProxyCidr } from './http-proxy-cidr.ts'
import { httpProxy } from './http-proxy.ts'
import { imagePull } from './image-pull.ts'
import { kubernetesVersion } from './kubernetes-version.ts'
import { memory } from './memory.ts'
import { networkOverlap } from './network-overlap.ts'
import { portFree } from './port-free.ts'
import { privilegedUser } from './privileged-user.ts'

export interface InitChecksInput {
  readonly config: InitConfig
  readonly host: Host
  /** To pull, in this order. */
  readonly images: readonly string[]
  readonly own: OwnedByUnfinishedRun
  readonly say: (line: string) => void
  readonly signal?: AbortSignal
}

export function initChecks({ config, host, images, own, say, signal }: InitChecksInput): CheckGroups {
  const { init, cluster } = config
  const { nodeRegistration, localAPIEndpoint } = init
  const { apiServer, controllerManager, scheduler, networking } = cluster
  const ranges = [networking.serviceSubnet, networking.podSubnet ?? ''].flatMap((list) => list.split(',')).filter((range) => range !== '')
  const families = new Set([...ranges.map((range) => ipFamily(range.split('/')[0] ?? '')), ipFamily(localAPIEndpoint.advertiseAddress)])
  return [
    [privilegedUser(host)],
    [
      cpuCount(host),
      memory(host),
      kubernetesVersion(cluster.kubernetesVersion),
      firewalld(host, [localAPIEndpoint.bindPort, kubeletPort]),
      portFree(
        host,
        { port: localAPIEndpoint.bindPort, address: lastValue(apiServer.extraArgs, 'bind-address'), openedBy: manifest('kube-apiserver') },
        own,
      ),
      portFree(host, { port: 10_259, address: lastValue(scheduler.extraArgs, 'bind-address'), openedBy: manifest('kube-scheduler') }, own),
      portFree(
        host,
        { port: 10_257, address: lastValue(controllerManager.extraArgs, 'bind-address'), openedBy: manifest('kube-controller-manager') },
        own,
      ),
      fileAvailable(host, manifest('kube-apiserver'), own),
      fileAvailable(host, manifest('kube-controller-manager'), own),
      fileAvailable(host, manifest('kube-scheduler'), own),
      fileAvailable(host, manifest('etcd'), own),
      httpProxy(host, localAPIEndpoint.advertiseAddress),
      ...ranges.map((range) => httpProxyCidr(host, range)),
      ...nodeChecks({ host, nodeRegistration, kubernetesVersion: cluster.kubernetesVersion, own }),
      ...(families.has(4) ? [forwardingEnabled(host, 4)] : []),
      ...(families.has(6) ? [forwardingEnabled(host, 6)] : []),
      ...etcdChecks(config, host, own),
      networkOverlap(host, networking),
    ],
    [
      imagePull(host.containerRuntime(nodeRegistration.criSocket), {
        images,
        pauseImage: pauseImage(cluster),
        policy: nodeRegistration.imagePullPolicy,
        serial: nodeRegistration.imagePullSerial,
        say,
        signal,
      }),
    ],
  ]
}

function etcdChecks({ init, cluster }: InitConfig, host: Host, own: OwnedByUnfinishedRun): readonly Check[] {
  const { etcd } = cluster
  if (etcd.kind === 'external') {
    const files = [etcd.caFile, etcd.certFile, etcd.keyFile].filter((path) => path !== '')
    return [externalEtcdVersion(host, etcd), ...files.map((path) => fileExisting(host, path, 'ExternalEtcdClientCertificates'))]
  }
  // etcd listens where the API server is advertised, not where it is bound.
  const address = lastValue(cluster.apiServer.extraArgs, 'advertise-address') ?? init.localAPIEndpoint.advertiseAddress
  return [
    portFree(host, { port: 2379, address, openedBy: manifest('etcd') }, own),
    portFree(host, { port: 2380, address, openedBy: manifest('etcd') }, own),
    directoryEmpty(host, etcd.dataDir, manifest('etcd'), own),
  ]
}

function manifest(component: string): string {
  return `${paths.manifests}/${component}.yaml`
}

/** Patches are not looked into, as with kubeadm. */
function lastValue(args: readonly Argument[], name: string): string | undefined {
  const value = args.findLast((argument) => argument.name === name)?.value
  return value === '' ? undefined : value
}
