/**
 * What `kadm join` asks of a host before it changes anything: kubeadm's checks in kubeadm's groups, and some of kadm's own
 * (`EndpointReachable`, `ClockWithinCertificate`, `NodeNameFree`, `NetworkOverlap`).
 *
 * A join runs them so:
 *
 *     await runChecks(joinChecks({ config, host, own, signal }), ...)
 *     // discovery, the cluster's configuration
 *     await runChecks(discoveredChecks({ cluster, name, networking, host, own }), ...)
 *     // of a control plane: is there a controlPlaneEndpoint; without certificate key checkSharedCertificates; then
 *     await runChecks(joiningControlPlaneChecks({ config: initConfig, host, images, own, hasCertificateKey, say, signal }), ...)
 */
import type { Cluster } from '../cluster/cluster.ts'
import { ipFamily } from '../config/ip-address.ts'
import type { ClusterConfiguration, InitConfig, JoinConfig } from '../config/model.ts'
import { paths } from '../config/paths.ts'
import { isUrl } from '../discovery/fetch-file.ts'
import type { Host } from '../host/host.ts'
import type { Check, CheckGroups, OwnedByUnfinishedRun } from './check.ts'
import { controlPlaneChecks, externalEtcdFiles, localEtcdChecks } from './checks-for-control-plane.ts'
import { controlPlaneImagePull } from './checks-for-init.ts'
import { nodeChecks } from './checks-for-node.ts'
import { endpointChecks, endpointOfFile, parseEndpoint } from './endpoint-checks.ts'
import { fileAvailable } from './file-available.ts'
import { forwardingEnabled } from './file-content.ts'
import { httpProxy } from './http-proxy.ts'
import { networkOverlap } from './network-overlap.ts'
import { nodeNameFree } from './node-name-free.ts'
import { privilegedUser } from './privileged-user.ts'

export interface JoinChecksInput {
  readonly config: JoinConfig
  readonly host: Host
  readonly own: OwnedByUnfinishedRun
  readonly signal?: AbortSignal
}

/** Of workers and control planes, before discovery: nothing is known of the cluster but its endpoint. */
export function joinChecks({ config, host, own, signal }: JoinChecksInput): CheckGroups {
  const { nodeRegistration, discovery, controlPlane, caCertPath } = config
  return [
    [privilegedUser(host)],
    [
      // The kubelet writes it, once kadm has given it the other.
      fileAvailable(host, paths.kubeletConf, own, paths.bootstrapKubeletConf),
      fileAvailable(host, paths.bootstrapKubeletConf, own),
      ...nodeChecks({ host, nodeRegistration, kubernetesVersion: undefined, own, signal }),
      ...(controlPlane === undefined ? [fileAvailable(host, caCertPath, own)] : []),
      ...(discovery.kind === 'token'
        ? tokenEndpointChecks(host, discovery.apiServerEndpoint)
        : fileEndpointChecks(host, discovery.kubeConfigPath)),
    ],
  ]
}

export interface DiscoveredChecksInput {
  /** With the bootstrap token's rights. */
  readonly cluster: Pick<Cluster, 'get'>
  /** That the kubelet is going to register. */
  readonly name: string
  readonly networking: ClusterConfiguration['networking']
  readonly host: Pick<Host, 'facts'>
  readonly own: OwnedByUnfinishedRun
}

/** kadm's own, for all nodes, as soon as the cluster can be asked and its configuration is known. */
export function discoveredChecks({ cluster, name, networking, host, own }: DiscoveredChecksInput): CheckGroups {
  return [[nodeNameFree(cluster, name, own), networkOverlap(host, networking)]]
}

export interface JoiningControlPlaneChecksInput {
  /** The cluster's, with this node's name and address. */
  readonly config: InitConfig
  readonly host: Host
  /** To pull, in this order. */
  readonly images: readonly string[]
  readonly own: OwnedByUnfinishedRun
  /** The shared certificates, those of an external etcd among them, will be downloaded. */
  readonly hasCertificateKey: boolean
  readonly say: (line: string) => void
  readonly signal?: AbortSignal
}

/** Further ones of a control plane, after discovery: those of init that `joinChecks` has not made, then the images. */
export function joiningControlPlaneChecks(input: JoiningControlPlaneChecksInput): CheckGroups {
  const { config, host, own, hasCertificateKey } = input
  return [
    [
      ...controlPlaneChecks({ config, host, own }),
      ...localEtcdChecks({ config, host, own }),
      ...(hasCertificateKey ? [] : externalEtcdFiles(config.cluster, host)),
    ],
    [controlPlaneImagePull(input)],
  ]
}

function tokenEndpointChecks(host: Host, text: string): readonly Check[] {
  const endpoint = parseEndpoint(text)
  if (endpoint === undefined) return []
  const family = ipFamily(endpoint.name)
  return [
    httpProxy(host, endpoint.name),
    ...(family === undefined ? [] : [forwardingEnabled(host, family)]),
    ...endpointChecks(host, async () => endpoint),
  ]
}

/** Of kadm alone: kubeadm looks at no endpoint that a file names. A file on a web server is read once, by discovery. */
function fileEndpointChecks(host: Host, path: string): readonly Check[] {
  return isUrl(path) ? [] : endpointChecks(host, () => endpointOfFile(host, path))
}
