/** What a cluster still has of a machine that is gone for good: its member of etcd and its Node. Nothing is asked of the machine. */
import type { Cluster, KubernetesObject } from '../../cluster/cluster.ts'
import { withEtcdCluster, type EtcdCluster } from '../../cluster/etcd-cluster.ts'
import { etcdCredentials, etcdEndpoints } from '../../cluster/etcd-endpoints.ts'
import { removeDeadMember } from '../../cluster/etcd-lost-member.ts'
import type { EtcdMember } from '../../cluster/etcd-members.ts'
import { kinds } from '../../cluster/kinds.ts'
import { conditionAt, listAt, textAt } from '../../cluster/object-fields.ts'
import type { ClusterHost } from '../../config/cluster-file.ts'
import { shortestForm } from '../../config/ip-address.ts'
import type { ClusterConfiguration } from '../../config/model.ts'
import { paths } from '../../config/paths.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { readStoredCluster } from '../look/stored-cluster.ts'
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
  const members = await withEtcd(stored, options, (etcd) => etcd.members({ ofQuorum: false, signal: options.signal }))
  const nodeOf = (name: string): KubernetesObject | undefined => options.nodes.find(({ metadata }) => metadata.name === name)
  return hosts.filter((host) => memberOf(host, nodeOf(host.name), members) !== undefined).map(({ name }) => name)
}

export interface ForgetOptions extends AskEtcdOptions {
  readonly cluster: Cluster
  readonly say: (line: string) => void
}

/** The member first, while the Node still tells of it. Throws NODE_ALIVE or ETCD_MEMBER_LOST when the machine is at work all the same. */
export async function forgetHost(host: LostHost, options: ForgetOptions): Promise<void> {
  const { cluster, say, signal } = options
  const { name } = host
  const ref = { ...kinds.node, name }
  const node = await cluster.get(ref)
  if (conditionAt(node, 'Ready') === 'True') throw alive(name)
  const stored = await readStoredCluster(cluster)
  // Where the cluster keeps no configuration (any more) it is asked all the same: a member that stays counts for the quorum for ever.
  if (stored?.etcd.kind !== 'external') {
    await withEtcd(stored, options, async (etcd) => {
      const members = await etcd.members({ signal })
      const dead = memberOf(host, node, members)
      if (dead !== undefined) await removeDeadMember(etcd, { dead, nodeName: name, cluster, say, signal })
    })
  }
  if (node !== undefined) await cluster.delete(ref)
}

/**
 * kubeadm calls members by their Nodes. One that was added and has never started has no name, only an address: the file's, where that is no
 * name and no gateway's, or one that its Node tells of.
 */
function memberOf({ name, address }: LostHost, node: KubernetesObject | undefined, members: readonly EtcdMember[]): EtcdMember | undefined {
  const ofNode = listAt(node, 'status.addresses').flatMap((one) => (textAt(one, 'type') === 'InternalIP' ? [textAt(one, 'address')] : []))
  const own = new Set([address, ...ofNode].map(shortestForm))
  const isAtOwn = (peerUrl: string): boolean => {
    const url = URL.parse(peerUrl)
    return url !== null && own.has(shortestForm(urlHost(url)))
  }
  return members.find((member) => member.name === name) ?? members.find((member) => member.name === '' && member.peerUrls.some(isAtOwn))
}

async function withEtcd<T>(
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

function alive(name: string): KadmError {
  return new KadmError('NODE_ALIVE', `"${name}" is to be gone for good, and its kubelet still tells the cluster that it is Ready`, {
    remedy: [
      'role: absent   # in the file, for a machine that is there: it is drained and reset',
      'if it was switched off just now: run the same command again in a minute',
    ],
  })
}
