/**
 * The kubelet of a control plane talks to the API server beside it, which is never older than the kubelet; clusters of Kubernetes before
 * 1.36 have it talk to the shared endpoint.
 */
import { localServerUrl, sharedServerUrl } from '../../config/server-url.ts'
import { paths } from '../../config/paths.ts'
import { findKubeconfig } from '../../pki/kubeconfig/kubeconfig-file.ts'
import { pointKubeconfigAtServer } from '../../pki/kubelet-client-rotation.ts'
import { startKubelet } from '../kubelet-service.ts'
import type { Phase } from '../phase.ts'
import { noControlPlane, type UpgradeRun } from './upgrade-run.ts'

/** @param needs the phase before it */
export function kubeconfig(needs: readonly string[]): Phase<UpgradeRun> {
  return {
    name: 'kubeconfig',
    summary: 'Upgrade kubeconfig files for this node',
    hidden: true,
    needs,
    skip: (run) => noControlPlane(run, 'kubeconfig'),
    run: async ({ host, source }, { say, warn }) => {
      const config = await source.config()
      const local = localServerUrl(config)
      // A server that the user chose stays.
      const isShared = (await findKubeconfig(host, paths.kubeletConf))?.server === sharedServerUrl(config)
      if (isShared && (await pointKubeconfigAtServer(host, paths.kubeletConf, local))) {
        say(`[upgrade/kubeconfig] "${paths.kubeletConf}" leads to the API server of this node now: ${local}`)
        await startKubelet(host, warn)
      }
      say('[upgrade/kubeconfig] The kubeconfig files for this node were successfully upgraded!')
    },
  }
}
