/** Both halves of a join to etcd at once, as the phases of `kadm join` do them. Without vitest: programs import it too. */
import { finishEtcdJoin, startEtcdMember } from '../../src/cluster/etcd-join.ts'
import type { EtcdMember } from '../../src/cluster/etcd-members.ts'
import type { JoinEtcdOptions } from '../../src/cluster/etcd-new-member.ts'

export async function joinEtcd(options: JoinEtcdOptions): Promise<EtcdMember | undefined> {
  await startEtcdMember(options)
  return finishEtcdJoin(options)
}
