/** `kadm join phase etcd-join`: this node's member of the cluster's own etcd, from learner to voter. */
import { finishEtcdJoin, startEtcdMember } from '../../cluster/etcd-join.ts'
import type { InitialClusterMember, JoinEtcdOptions } from '../../cluster/etcd-new-member.ts'
import type { InitConfiguration } from '../../config/model.ts'
import type { Host } from '../../host/host.ts'
import { ensureEtcdDataDirectory, patchedStaticPod, staticPodPath, writeStaticPod } from '../../manifests/write-static-pod.ts'
import { componentFailed } from '../components/component-failed.ts'
import type { Phase, PhaseContext } from '../phase.ts'
import { containersOf } from '../components/static-pod-containers.ts'
import { startEtcdForItsData } from './etcd-first-start.ts'
import { newMember, noLocalEtcd, withEtcd } from './etcd-of-cluster.ts'
import type { JoinRun } from './join-run.ts'

export const etcdJoin: Phase<JoinRun> = {
  name: 'etcd-join',
  summary: 'Join etcd for control plane nodes',
  flags: ['apiserver-advertise-address', 'config', 'control-plane', 'dry-run', 'node-name', 'patches'],
  needs: ['check-etcd', 'kubelet-start'],
  phases: [
    {
      name: 'member',
      summary: 'Add the member as a learner and write its manifest',
      hidden: true,
      needs: [],
      skip: noLocalEtcd,
      run: (run, context) => withJoining(run, context, startEtcdMember),
    },
    {
      name: 'voter',
      summary: 'Wait until it has started, and make it a voter',
      hidden: true,
      needs: ['etcd-join/member'],
      skip: async (run) => ((await noLocalEtcd(run)) === false ? false : ''),
      run: (run, context) => withJoining(run, context, finishEtcdJoin),
    },
  ],
}

async function withJoining(
  run: JoinRun,
  { say, warn, signal, waiting }: PhaseContext,
  work: (options: JoinEtcdOptions) => Promise<unknown>,
): Promise<void> {
  const { join, host, source } = run
  const config = await source.config()
  const { etcd: local } = config.cluster
  if (local.kind === 'external') return
  const { criSocket } = config.init.nodeRegistration
  const member = newMember(config, local)
  const timeout = join.timeouts.etcdAPICall
  await ensureEtcdDataDirectory({ config, host })
  const manifest = {
    path: staticPodPath('etcd'),
    write: (initialCluster: readonly InitialClusterMember[]) => writeStaticPod('etcd', { config, host, say, warn, initialCluster }),
  }
  const firstStart = async (initialCluster: readonly InitialClusterMember[]): Promise<void> => {
    const pod = await patchedStaticPod('etcd', { config, host, say: () => undefined, warn, initialCluster })
    const cgroupDriver = String(config.kubelet.document['cgroupDriver'])
    if (pod !== undefined) await startEtcdForItsData(pod, { host, criSocket, cgroupDriver, dataDir: local.dataDir, say, signal })
  }
  const restart = (): Promise<void> => stopEtcd(host, config.init.nodeRegistration)
  const notStarted = (last: string): Promise<Error> => componentFailed('etcd', { url: member.clientUrl, timeout, last, config, host })
  const options = { host, member, manifest, firstStart, restart, notStarted, timeout, signal, say, waiting }
  await withEtcd(run, signal, (etcd) => work({ ...options, etcd }))
}

/** Hard: an etcd that serves nobody yet does not hear SIGTERM, and its log survives. The kubelet starts them again at once. */
async function stopEtcd(host: Host, { name, criSocket }: InitConfiguration['nodeRegistration']): Promise<void> {
  const runtime = host.containerRuntime(criSocket)
  const running = (await containersOf('etcd', { runtime, nodeName: name })).filter(({ state }) => state === 'running')
  await Promise.all(running.map(({ id }) => runtime.stopContainer(id, 0)))
}
