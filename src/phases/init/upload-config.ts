/** `kadm init phase upload-config`: the configuration of the cluster and of its kubelets, and who may read them. */
import { ensureObjects } from '../../cluster/apply-object.ts'
import { clusterConfigurationDocument } from '../../config/v1beta4.ts'
import { kubeadmConfigObjects, kubeletConfigObjects } from '../../manifests/config-objects.ts'
import type { Phase } from '../phase.ts'
import type { InitRun } from './init-run.ts'

const flags = ['config', 'cri-socket', 'dry-run', 'kubeconfig']

export const uploadConfig: Phase<InitRun> = {
  name: 'upload-config',
  aliases: ['uploadconfig'],
  summary: 'Upload the kubeadm and kubelet configuration to ConfigMaps',
  needs: ['wait-control-plane/api'],
  phases: [
    {
      name: 'kubeadm',
      summary: 'Upload the kubeadm ClusterConfiguration to a ConfigMap',
      flags,
      needs: [],
      run: async ({ config, cluster }, { say, signal }) => {
        say('Storing the configuration used in ConfigMap "kubeadm-config" in the "kube-system" Namespace')
        await ensureObjects(await cluster(), kubeadmConfigObjects(clusterConfigurationDocument(config.cluster)), {
          timeout: config.init.timeouts.kubernetesAPICall,
          signal,
        })
      },
    },
    {
      name: 'kubelet',
      summary: 'Upload the kubelet component config to a ConfigMap',
      flags,
      needs: [],
      run: async ({ config, cluster }, { say, signal }) => {
        say(
          '[kubelet] Creating a ConfigMap "kubelet-config" in namespace kube-system with the configuration for the kubelets in the cluster',
        )
        await ensureObjects(await cluster(), kubeletConfigObjects(config), { timeout: config.init.timeouts.kubernetesAPICall, signal })
      },
    },
  ],
}
