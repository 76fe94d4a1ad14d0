/** What a cluster still has of a machine that is gone for good: its member of etcd and its Node. Nothing is asked of the machine. */
import type { Cluster } from '../../cluster/cluster.ts'
import { removeDeadMember } from '../../cluster/etcd-lost-member.ts'
import { kinds } from '../../cluster/kinds.ts'
import { conditionAt } from '../../cluster/object-fields.ts'
import { KadmError } from '../../errors.ts'
import { askEtcd, memberOf, type AskEtcdOptions, type LostHost } from '../look/lost-members.ts'
import { readStoredCluster } from '../look/stored-cluster.ts'

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
    await askEtcd(stored, options, async (etcd) => {
      const members = await etcd.members({ signal })
      const dead = memberOf(host, node, members)
      if (dead !== undefined) await removeDeadMember(etcd, { dead, nodeName: name, cluster, say, signal })
    })
  }
  if (node !== undefined) await cluster.delete(ref)
}

function alive(name: string): KadmError {
  return new KadmError('NODE_ALIVE', `"${name}" is to be gone for good, and its kubelet still tells the cluster that it is Ready`, {
    remedy: [
      'role: absent   # in the file, for a machine that is there: it is drained and reset',
      'if it was switched off just now: run the same command again in a minute',
    ],
  })
}
