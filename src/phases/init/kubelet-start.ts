/** `kadm init phase kubelet-start`: the kubelet's settings, then the kubelet itself. */
import { paths } from '../../config/paths.ts'
import { nodeKubeletConfiguration, writeKubeletFiles } from '../../manifests/kubelet-files.ts'
import { lastArgument } from '../../manifests/static-pods/arguments.ts'
import { layKubeletCertificate } from '../../pki/kubelet-client-rotation.ts'
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
      run: async (run, { say, warn }) => {
        const { config, host, options } = run
        if (run.rotatesFromStart && (await rotates(run)))
          await layKubeletCertificate(host, `${options.kubeconfigDir}/kubelet.conf`, kubeletCertificates(config))
        say('Starting the kubelet')
        await startKubelet(host, warn)
      },
    },
  ],
}

/** Does the kubelet renew its certificate? Its flag goes before its configuration, which patches may have changed. */
async function rotates({ config, host }: Pick<InitRun, 'config' | 'host'>): Promise<boolean> {
  const flag = lastArgument(config.init.nodeRegistration.kubeletExtraArgs, 'rotate-certificates')
  return flag === undefined ? (await nodeKubeletConfiguration(host))['rotateCertificates'] === true : flag !== 'false'
}

/** The folder that the kubelet keeps its certificates in. */
export function kubeletCertificates({ init }: InitRun['config']): string {
  return lastArgument(init.nodeRegistration.kubeletExtraArgs, 'cert-dir') ?? paths.kubeletPki
}
