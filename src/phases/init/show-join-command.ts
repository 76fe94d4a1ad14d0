/** The last words of `kadm init`: how to use the cluster, and how to add nodes to it. */
import { readKubeconfig } from '../../pki/kubeconfig-file.ts'
import { initDoneText } from '../../tokens/join-command.ts'
import type { Phase } from '../phase.ts'
import type { InitRun } from './init-run.ts'

export const showJoinCommand: Phase<InitRun> = {
  name: 'show-join-command',
  summary: 'Show the join command for control-plane and worker node',
  notAlone: true,
  dependencies: ['bootstrap-token', 'upload-certs'],
  needs: [
    'certs',
    'kubeconfig',
    'control-plane',
    'wait-control-plane',
    'upload-config',
    'upload-certs',
    'mark-control-plane',
    'bootstrap-token',
    'kubelet-finalize',
    'addon',
  ],
  run: async ({ config, host, certificateKey, options }, { result }) => {
    const admin = await readKubeconfig(host, options.kubeconfig)
    result(await initDoneText({ config, admin, options, certificateKey: options.uploadCerts ? await certificateKey() : undefined }))
  },
}
