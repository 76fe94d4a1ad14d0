/** `kadm init phase kubelet-finalize`: from the certificate of init to the one that the kubelet renews by itself. */
import { currentKubeletCertificate, isPointedAtFile, pointKubeconfigAtFile } from '../../pki/kubelet-client-rotation.ts'
import type { Phase } from '../phase.ts'
import type { InitRun } from './init-run.ts'
import { startKubelet } from '../kubelet-service.ts'
import { kubeletCertificates } from './kubelet-start.ts'

export const kubeletFinalize: Phase<InitRun> = {
  name: 'kubelet-finalize',
  summary: 'Updates settings relevant to the kubelet after TLS bootstrap',
  needs: ['wait-control-plane', 'mark-control-plane'],
  phases: [
    {
      name: 'enable-client-cert-rotation',
      summary: 'Enable kubelet client certificate rotation',
      flags: ['cert-dir', 'config', 'dry-run'],
      needs: [],
      run: async ({ config, host, options, rotatesFromStart }, { say, warn }) => {
        const certificate = currentKubeletCertificate(kubeletCertificates(config))
        const kubeconfig = `${options.kubeconfigDir}/kubelet.conf`
        if (rotatesFromStart && (await isPointedAtFile(host, kubeconfig, certificate))) return
        if ((await host.stat(certificate)) === undefined) return
        say('Updating "/etc/kubernetes/kubelet.conf" to point to a rotatable kubelet client certificate and key')
        await pointKubeconfigAtFile(host, kubeconfig, certificate)
        await startKubelet(host, warn)
      },
    },
  ],
}
