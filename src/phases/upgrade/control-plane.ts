/** `kadm upgrade apply phase control-plane` and `kadm upgrade node phase control-plane`: the static Pods of this node. */
import { dropRemovedFlags } from '../../manifests/kubelet-files.ts'
import type { Phase } from '../phase.ts'
import { noControlPlane, type UpgradeRun } from './upgrade-run.ts'
import { upgradeStaticPods } from './upgrade-static-pods.ts'

const flags = ['certificate-renewal', 'config', 'dry-run', 'etcd-upgrade', 'kubeconfig', 'patches']

export function controlPlane(summary: string): Phase<UpgradeRun> {
  return {
    name: 'control-plane',
    summary,
    flags,
    needs: ['preflight'],
    skip: (run) => noControlPlane(run, 'control-plane'),
    run: async ({ upgrade, host, source, start, backup }, context) => {
      const [config, cluster] = await Promise.all([source.config(), source.cluster()])
      const timeout = upgrade.timeouts.upgradeManifests
      context.say(
        `[upgrade/control-plane] Upgrading your static Pod-hosted control plane to version "${config.cluster.kubernetesVersion}" (timeout: ${timeout / 1000} s)...`,
      )
      const { etcdUpgrade, certificateRenewal } = upgrade
      // The new kubelet may be installed already, and is started with the static Pods.
      await dropRemovedFlags({ host, say: context.say })
      await upgradeStaticPods({ config, host, cluster, etcdUpgrade, certificateRenewal, backup, start, timeout }, context)
      context.say('[upgrade/control-plane] The control plane instance for this node was successfully upgraded!')
    },
  }
}
