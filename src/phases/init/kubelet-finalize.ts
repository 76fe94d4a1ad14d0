/** `kadm init phase kubelet-finalize`: from the certificate of init to the one that the kubelet renews by itself. */
import { paths } from '../../config/paths.ts'
import { lastArgument } from '../../manifests/static-pods/arguments.ts'
import { pointKubeconfigAtFile } from '../../pki/kubelet-client-rotation.ts'
import type { Phase } from '../phase.ts'
import type { InitRun } from './init-run.ts'
import { startKubelet } from '../kubelet-service.ts'

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
      run: async ({ config, host, options }, { say, warn }) => {
        const directory = lastArgument(config.init.nodeRegistration.kubeletExtraArgs, 'cert-dir') ?? paths.kubeletPki
        const certificate = `${directory}/kubelet-client-current.pem`
        if ((await host.stat(certificate)) === undefined) return
        say('Updating "/etc/kubernetes/kubelet.conf" to point to a rotatable kubelet client certificate and key')
        await pointKubeconfigAtFile(host, `${options.kubeconfigDir}/kubelet.conf`, certificate)
        await startKubelet(host, warn)
      },
    },
  ],
}
