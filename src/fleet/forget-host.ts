/** What a cluster still has of a machine that is gone for good: its member of etcd and its Node. Nothing is asked of the machine. */
import type { Cluster } from '../cluster/cluster.ts'
import { connectEtcdCluster, type EtcdCluster } from '../cluster/etcd-cluster.ts'
import { etcdCredentials, etcdEndpoints } from '../cluster/etcd-endpoints.ts'
import { removeDeadMember } from '../cluster/etcd-lost-member.ts'
import { kinds } from '../cluster/kinds.ts'
import { conditionAt } from '../cluster/object-fields.ts'
import type { ClusterConfiguration } from '../config/model.ts'
import { KadmError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { readStoredCluster } from './stored-cluster.ts'

export interface AskEtcdOptions {
  /** A control plane that is there: it has the certificates. */
  readonly controlPlane: Pick<Host, 'readText' | 'dial'>
  readonly cluster: Pick<Cluster, 'list'>
  readonly signal: AbortSignal
}

/**
 * Which of these names etcd has a member of, as kubeadm calls members by their Nodes. None where etcd is not the cluster's own. Throws
 * ETCD_FAILED, CERTIFICATE_INVALID, API_UNREACHABLE.
 */
export async function membersOf(
  names: readonly string[],
  stored: ClusterConfiguration | undefined,
  options: AskEtcdOptions,
): Promise<readonly string[]> {
  if (names.length === 0 || !hasOwnEtcd(stored)) return []
  const members = await withEtcd(stored, options, (etcd) => etcd.members({ ofQuorum: false, signal: options.signal }))
  return names.filter((name) => members.some((member) => member.name === name))
}

export interface ForgetOptions extends AskEtcdOptions {
  readonly cluster: Cluster
  readonly say: (line: string) => void
}

/** The member first, while the Node still tells of it. Throws NODE_ALIVE or ETCD_MEMBER_LOST when the machine is at work all the same. */
export async function forgetHost(name: string, options: ForgetOptions): Promise<void> {
  const { cluster, say, signal } = options
  const ref = { ...kinds.node, name }
  const node = await cluster.get(ref)
  if (conditionAt(node, 'Ready') === 'True') throw alive(name)
  const stored = await readStoredCluster(cluster)
  if (hasOwnEtcd(stored)) {
    await withEtcd(stored, options, async (etcd) => {
      const members = await etcd.members({ ofQuorum: false, signal })
      const dead = members.find((member) => member.name === name)
      if (dead !== undefined) await removeDeadMember(etcd, { dead, nodeName: name, cluster, say, signal })
    })
  }
  if (node !== undefined) await cluster.delete(ref)
}

function hasOwnEtcd(stored: ClusterConfiguration | undefined): stored is ClusterConfiguration {
  return stored?.etcd.kind === 'local'
}

async function withEtcd<T>(
  { certificatesDir }: ClusterConfiguration,
  { controlPlane, cluster, signal }: AskEtcdOptions,
  use: (etcd: EtcdCluster) => Promise<T>,
): Promise<T> {
  const [endpoints, credentials] = await Promise.all([
    etcdEndpoints(cluster, { timeout: longestQuestion, signal }),
    etcdCredentials(controlPlane, certificatesDir),
  ])
  const etcd = connectEtcdCluster({ endpoints, ...credentials, timeout: longestQuestion, dial: (address) => controlPlane.dial(address) })
  try {
    return await use(etcd)
  } finally {
    etcd.close()
  }
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
