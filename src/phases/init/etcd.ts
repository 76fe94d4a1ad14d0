/** `kadm init phase etcd`: the static Pod of a local etcd. */
import { ensureEtcdDataDirectory, writeStaticPod } from '../../manifests/write-static-pod.ts'
import type { Phase } from '../phase.ts'
import type { InitRun } from './init-run.ts'

export const etcd: Phase<InitRun> = {
  name: 'etcd',
  summary: 'Generate static Pod manifest file for local etcd',
  notAtOnce: true,
  // The kubelet starts the Pod as soon as it sees the manifest: its keys must be there.
  needs: ['preflight', 'certs/etcd-server', 'certs/etcd-peer', 'certs/etcd-healthcheck-client'],
  phases: [
    {
      name: 'local',
      summary: 'Generate the static Pod manifest file for a local, single-node local etcd instance',
      flags: ['cert-dir', 'config', 'dry-run', 'image-repository', 'patches'],
      needs: [],
      skip: ({ config }) =>
        config.cluster.etcd.kind === 'external' ? 'External etcd mode: Skipping the creation of a manifest for local etcd' : false,
      run: async ({ config, host }, { say, warn }) => {
        await ensureEtcdDataDirectory({ config, host })
        say(`Creating static Pod manifest for local etcd in "/etc/kubernetes/manifests"`)
        await writeStaticPod('etcd', { config, host, say, warn })
      },
    },
  ],
}
