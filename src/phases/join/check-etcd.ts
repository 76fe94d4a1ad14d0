/** Before the kubelet is touched: can etcd take another member, and is this node's place in it free? */
import { checkEtcdHealth } from '../../cluster/etcd-health.ts'
import { refuseOrReplaceLostMember } from '../../cluster/etcd-lost-member.ts'
import type { Phase } from '../phase.ts'
import { newMember, noLocalEtcd, withEtcd } from './etcd-of-cluster.ts'
import type { JoinRun } from './join-run.ts'

export const checkEtcd: Phase<JoinRun> = {
  name: 'check-etcd',
  summary: 'Check cluster health for etcd',
  hidden: true,
  // The new control plane asks as itself, so that what it was given is tried out here too.
  needs: ['control-plane-prepare/certs', 'control-plane-prepare/kubeconfig'],
  skip: noLocalEtcd,
  run: async (run, { say, warn, signal, waiting }) => {
    const { host, source, replace } = run
    const config = await source.config()
    const { etcd: local } = config.cluster
    if (local.kind === 'external') return
    say('Checking that the etcd cluster is healthy')
    await withEtcd(run, signal, async (etcd) => {
      await refuseOrReplaceLostMember(etcd, {
        host,
        member: newMember(config, local),
        replace,
        cluster: await source.asAdministrator(),
        say,
        signal,
      })
      await checkEtcdHealth(etcd, { signal, waiting, warn })
    })
  },
}
