/** `kadm init phase kubelet-start`: the kubelet's settings, then the kubelet itself. */
import { writeKubeletFiles } from '../../manifests/kubelet-files.ts'
import type { Phase } from '../phase.ts'
import type { InitRun } from './init-run.ts'
import { makeManifestsFolder, startKubelet, stopKubelet } from '../kubelet-service.ts'

export const kubeletStart: Phase<InitRun> = {
  name: 'kubelet-start',
  summary: 'Write kubelet settings and (re)start the kubelet',
  flags: ['config', 'cri-socket', 'dry-run', 'image-repository', 'node-name', 'patches'],
  needs: ['preflight'],
  phases: [
    {
      name: 'settings',
      summary: 'Stop the kubelet and write its settings',
      hidden: true,
      needs: [],
      run: async ({ config, host }, { say, warn }) => {
        await stopKubelet(host, warn)
        await Promise.all([writeKubeletFiles({ config, host, say, warn }), makeManifestsFolder(host)])
      },
    },
    {
      name: 'service',
      summary: 'Start the kubelet',
      hidden: true,
      // No more than its own identity: it comes up while the keys of the others are still being made (but see laid-manifests.ts).
      needs: ['kubelet-start/settings', 'kubeconfig/kubelet'],
      run: async ({ host }, { say, warn }) => {
        say('Starting the kubelet')
        await startKubelet(host, warn)
      },
    },
  ],
}
