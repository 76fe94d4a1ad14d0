/** The last words of `kadm init`: how to use the cluster, and how to add nodes to it. */
import { clusterToJoin } from '../../pki/kubeconfig/kubeconfig-file.ts'
import type { Phase } from '../phase.ts'
import { doneText } from './done-text.ts'
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
    const { server, certificateAuthority = '' } = await clusterToJoin(host, options.kubeconfig)
    result(
      doneText({
        server,
        caPem: certificateAuthority,
        tokens: config.init.bootstrapTokens.map(({ token }) => token),
        hasStableEndpoint: config.cluster.controlPlaneEndpoint !== undefined,
        certificateKey: options.uploadCerts ? await certificateKey() : undefined,
        adminConf: options.kubeconfig,
        skipTokenPrint: options.skipTokenPrint,
        skipCertificateKeyPrint: options.skipCertificateKeyPrint,
      }),
    )
  },
}
