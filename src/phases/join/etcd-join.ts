/** `kadm join phase etcd-join`: this node's member of the cluster's own etcd, from learner to voter. */
import { joinEtcd } from '../../cluster/etcd-join.ts'
import { ensureEtcdDataDirectory, staticPodPath, writeStaticPod } from '../../manifests/write-static-pod.ts'
import { componentFailed } from '../component-failed.ts'
import type { Phase } from '../phase.ts'
import { newMember, noLocalEtcd, withEtcd } from './etcd-of-cluster.ts'
import type { JoinRun } from './join-run.ts'

export const etcdJoin: Phase<JoinRun> = {
  name: 'etcd-join',
  summary: 'Join etcd for control plane nodes',
  flags: ['apiserver-advertise-address', 'config', 'control-plane', 'dry-run', 'node-name', 'patches'],
  needs: ['check-etcd', 'kubelet-start'],
  skip: noLocalEtcd,
  run: async (run, { say, warn, signal, waiting }) => {
    const { join, host, learn } = run
    const config = await learn.config()
    const { etcd: local } = config.cluster
    if (local.kind === 'external') return
    const member = newMember(config, local)
    const timeout = join.timeouts.etcdAPICall
    await ensureEtcdDataDirectory({ config, host })
    await withEtcd(run, signal, (etcd) =>
      joinEtcd({
        etcd,
        host,
        member,
        manifest: {
          path: staticPodPath('etcd'),
          write: (initialCluster) => writeStaticPod('etcd', { config, host, say, warn, initialCluster }),
        },
        timeout,
        signal,
        say,
        waiting,
        notStarted: (last) => componentFailed('etcd', { url: member.clientUrl, timeout, last, config, host }),
      }),
    )
  },
}
