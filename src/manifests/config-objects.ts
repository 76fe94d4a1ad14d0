import type { InitConfig } from '../config/model.ts'
import { dumpYaml } from '../config/yaml.ts'
import type { JsonObject } from '../json.ts'
import { accessObjects, accessRules } from './access-rules.ts'
import { configMap } from './config-map.ts'
import type { Manifest } from './manifest.ts'

/** The ConfigMap `kubeadm-config`, from which joins and upgrades take the configuration, and who may read it. */
export function kubeadmConfigObjects(document: JsonObject): Manifest[] {
  return [
    configMap('kubeadm-config', { ClusterConfiguration: dumpYaml(document) }, { namespace: 'kube-system' }),
    ...accessObjects(accessRules.kubeadmConfig),
  ]
}

/** The ConfigMap `kubelet-config` with what all kubelets of the cluster share, and who may read it. */
export function kubeletConfigObjects({ kubelet }: Pick<InitConfig, 'kubelet'>): Manifest[] {
  const data = { kubelet: dumpYaml(kubelet.document) }
  return [
    configMap('kubelet-config', data, { namespace: 'kube-system', signed: !kubelet.userSupplied }),
    ...accessObjects(accessRules.kubeletConfig),
  ]
}
