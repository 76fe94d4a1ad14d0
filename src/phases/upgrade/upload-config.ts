/** `kadm upgrade apply phase upload-config`: the configuration of the cluster, with the new version in it, and that of its kubelets. */
import { ensureObjects } from '../../cluster/apply-object.ts'
import { clusterConfigurationDocument } from '../../config/v1beta4.ts'
import type { InitConfig } from '../../config/model.ts'
import { kubeadmConfigObjects, kubeletConfigObjects } from '../../manifests/config-objects.ts'
import type { Manifest } from '../../manifests/manifest.ts'
import type { Phase } from '../phase.ts'
import type { UpgradeRun } from './upgrade-run.ts'

export const uploadConfig: Phase<UpgradeRun> = {
  name: 'upload-config',
  aliases: ['uploadconfig'],
  summary: 'Upload the kubeadm and kubelet configurations to ConfigMaps',
  needs: ['control-plane'],
  phases: [
    upload('kubeadm', 'Upload the kubeadm ClusterConfiguration to a ConfigMap', ({ cluster }) =>
      kubeadmConfigObjects(clusterConfigurationDocument(cluster)),
    ),
    upload('kubelet', 'Upload the kubelet configuration to a ConfigMap', kubeletConfigObjects),
  ],
}

function upload(name: string, summary: string, objects: (config: InitConfig) => readonly Manifest[]): Phase<UpgradeRun> {
  return {
    name,
    summary,
    flags: ['config', 'dry-run', 'kubeconfig'],
    needs: [],
    run: async ({ upgrade, source }, { signal }) => {
      const [config, cluster] = await Promise.all([source.config(), source.cluster()])
      await ensureObjects(cluster, objects(config), { timeout: upgrade.timeouts.kubernetesAPICall, signal })
    },
  }
}
