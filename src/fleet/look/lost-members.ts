/** Of which hosts of the file etcd has a member, whether or not a machine is there. */
import type { Cluster, KubernetesObject } from '../../cluster/cluster.ts'
import { withEtcdCluster, type EtcdCluster } from '../../cluster/etcd-cluster.ts'
import { etcdCredentials, etcdEndpoints } from '../../cluster/etcd-endpoints.ts'
import type { EtcdMember } from '../../cluster/etcd-members.ts'
import { listAt, textAt } from '../../cluster/object-fields.ts'
import type { ClusterHost } from '../../config/cluster-file.ts'
import { shortestForm } from '../../config/ip-address.ts'
import type { ClusterConfiguration } from '../../config/model.ts'
import { paths } from '../../config/paths.ts'
import type { Host } from '../../host/host.ts'
import { urlHost } from '../../host/url-host.ts'

/** As the file has it. */
export type LostHost = Pick<ClusterHost, 'name' | 'address'>

export interface AskEtcdOptions {
  /** A control plane that is there: it has the certificates. */
  readonly controlPlane: Pick<Host, 'readText' | 'dial'>
  readonly cluster: Pick<Cluster, 'list'>
  readonly signal: AbortSignal
}

/**
 * The names of those that etcd has a member of. None where etcd is not the cluster's own. Throws ETCD_FAILED, CERTIFICATE_INVALID,
 * API_UNREACHABLE.
 *
 * @param options.nodes all of the cluster
 */
export async function membersOf(
  hosts: readonly LostHost[],
  stored: ClusterConfiguration | undefined,
  options: AskEtcdOptions & { readonly nodes: readonly KubernetesObject[] },
): Promise<readonly string[]> {
  if (hosts.length === 0 || stored?.etcd.kind === 'external') return []
  const members = await askEtcd(stored, options, (etcd) => etcd.members({ ofQuorum: false, signal: options.signal }))
  const nodeOf = (name: string): KubernetesObject | undefined => options.nodes.find(({ metadata }) => metadata.name === name)
  return hosts.filter((host) => memberOf(host, nodeOf(host.name), members) !== undefined).map(({ name }) => name)
}

/**
 * kubeadm calls members by their Nodes. One that was added and has never started has no name, only an address: the file's, where that is no
 * name and no gateway's, or one that its Node tells of.
 */
export function memberOf(
  { name, address }: LostHost,
  node: KubernetesObject | undefined,
  members: readonly EtcdMember[],
): EtcdMember | undefined {
  const ofNode = listAt(node, 'status.addresses').flatMap((one) => (textAt(one, 'type') === 'InternalIP' ? [textAt(one, 'address')] : []))
  const own = new Set([address, ...ofNode].map(shortestForm))
  const isAtOwn = (peerUrl: string): boolean => {
    const url = URL.parse(peerUrl)
    return url !== null && own.has(shortestForm(urlHost(url)))
  }
  return members.find((member) => member.name === name) ?? members.find((member) => member.name === '' && member.peerUrls.some(isAtOwn))
}

export async function askEtcd<T>(
  stored: ClusterConfiguration | undefined,
  { controlPlane, cluster, signal }: AskEtcdOptions,
  use: (etcd: EtcdCluster) => Promise<T>,
): Promise<T> {
  const [endpoints, credentials] = await Promise.all([
    etcdEndpoints(cluster, { timeout: longestQuestion, signal }),
    etcdCredentials(controlPlane, stored?.certificatesDir ?? paths.defaultCertificates),
  ])
  return withEtcdCluster({ endpoints, ...credentials, timeout: longestQuestion, dial: (address) => controlPlane.dial(address) }, use)
}

/** Milliseconds for each answer. */
const longestQuestion = 5000
