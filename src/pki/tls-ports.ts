/** The ports of a cluster's nodes that serve TLS. */
import type { Cluster, KubernetesObject } from '../cluster/cluster.ts'
import { kinds } from '../cluster/kinds.ts'
import { listAt, numberAt, textAt } from '../cluster/object-fields.ts'
import { ports } from '../config/ports.ts'
import type { Host } from '../host/host.ts'
import { toJson } from '../json.ts'
import { servingEndpoints } from '../manifests/serving-endpoints.ts'
import { commandOf, findStaticPod } from '../manifests/static-pod-file.ts'
import { staticPodComponents } from '../manifests/write-static-pod.ts'
import { nodeNameOfKubelet } from './kubelet-node-name.ts'

export interface TlsPort {
  /** Name of the Node. */
  readonly node: string
  /** `etcd peer`, `kubelet`. */
  readonly name: string
  /** An IP address of the node, or loopback where it listens nowhere else. */
  readonly address: string
  readonly port: number
}

/**
 * API server, etcd for clients and for members, controller-manager, scheduler and kubelet, node by node. Throws API_UNREACHABLE,
 * API_REFUSED.
 */
export async function tlsPortsOfCluster(cluster: Cluster): Promise<readonly TlsPort[]> {
  const [nodes, pods] = await Promise.all([
    cluster.list(kinds.node),
    cluster.list({ ...kinds.pod, namespace: 'kube-system' }, { labelSelector: 'tier=control-plane' }),
  ])
  return nodes.flatMap((node) => {
    const { name } = node.metadata
    const own = pods.filter((pod) => textAt(pod, 'spec.nodeName') === name)
    return [...own.flatMap((pod) => portsOfPod(pod)), kubeletPort(node)].map((port) => onNode(name, addressOf(node), port))
  })
}

/** The same for this host alone, by its own files: for when the API does not answer. Throws CONFIG_INVALID, KUBECONFIG_INVALID. */
export async function tlsPortsOfHost(host: Pick<Host, 'readText'>): Promise<readonly TlsPort[]> {
  const node = (await nodeNameOfKubelet(host)) ?? 'this host'
  const found = await Promise.all(
    staticPodComponents.map(async (component) => {
      const pod = await findStaticPod(host, component)
      return pod === undefined ? [] : servingEndpoints(component, commandOf(pod, component))
    }),
  )
  return [...found.flat(), { name: 'kubelet', address: '127.0.0.1', port: ports.kubelet }].map((port) => onNode(node, '127.0.0.1', port))
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}

type Port = Omit<TlsPort, 'node'>

function portsOfPod(pod: KubernetesObject): readonly Port[] {
  const component = staticPodComponents.find((candidate) => pod.metadata.labels?.['component'] === candidate)
  return component === undefined ? [] : servingEndpoints(component, commandOf({ spec: toJson(pod['spec']) }, component))
}

function kubeletPort(node: KubernetesObject): Port {
  const port = numberAt(node, 'status.daemonEndpoints.kubeletEndpoint.Port') ?? ports.kubelet
  return { name: 'kubelet', address: everywhere, port }
}

function addressOf(node: KubernetesObject): string {
  const all = listAt(node, 'status.addresses')
  const internal = all.find((address) => textAt(address, 'type') === 'InternalIP') ?? all[0]
  return textAt(internal, 'address') || node.metadata.name
}

const everywhere = '0.0.0.0'

function onNode(node: string, nodeAddress: string, { name, address, port }: Port): TlsPort {
  return { node, name, address: address === everywhere || address === '::' ? nodeAddress : address, port }
}
