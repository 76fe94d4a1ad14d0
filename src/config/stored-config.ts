/** Configuration that a cluster keeps in its ConfigMaps, read back. Nothing of it is checked again: a cluster runs with it. */
import { kubeletKind, decodeComponent } from './component-config.ts'
import { decodeDocument } from './decode-document.ts'
import { withDefaults } from './defaults.ts'
import { invalid, readDocuments } from './documents.ts'
import { toClusterConfiguration } from './init-config.ts'
import { kubeletDefaults } from './kubelet-defaults.ts'
import type { ClusterConfiguration, ComponentConfig } from './model.ts'

/** `ClusterConfiguration` of ConfigMap kube-system/kubeadm-config. Unknown fields are warnings. Throws CONFIG_SYNTAX, CONFIG_INVALID. */
export function storedClusterConfiguration(text: string): { readonly cluster: ClusterConfiguration; readonly warnings: readonly string[] } {
  const decoded = decodeDocument('ClusterConfiguration', readDocuments(text), { strict: false, allowExperimental: false })
  if (decoded === undefined) throw unusable('kubeadm-config', 'ClusterConfiguration')
  const document = withDefaults('ClusterConfiguration', decoded.value)
  const [, ci = '', kubernetesVersion = ''] = /^(ci\/)?(.*)$/.exec(String(document['kubernetesVersion'])) ?? []
  return {
    cluster: toClusterConfiguration({ ...document, kubernetesVersion }, ci !== ''),
    warnings: [...decoded.warnings, ...decoded.problems.map(({ path, text: problem }) => `${path} ${problem}`)].map((line) => `ConfigMap kubeadm-config: ${line}`),
  }
}

/** `kubelet` of ConfigMap kube-system/kubelet-config, with what has to be in it. Throws CONFIG_SYNTAX, CONFIG_INVALID. */
export function storedKubeletConfiguration(
  text: string,
  { networking, certificatesDir }: Pick<ClusterConfiguration, 'networking' | 'certificatesDir'>,
): { readonly kubelet: ComponentConfig; readonly warnings: readonly string[] } {
  const given = readDocuments(text).find(({ group, version, kind }) => group === kubeletKind.group && version === kubeletKind.version && kind === kubeletKind.kind)
  if (given === undefined) throw unusable('kubelet-config', kubeletKind.kind)
  const decoded = decodeComponent(kubeletKind, given)
  const { document, warnings } = kubeletDefaults(decoded.value, { ...networking, certificatesDir })
  const odd = [...decoded.unknown, ...decoded.problems].map(({ path, text: problem }) => `ConfigMap kubelet-config: ${path} ${problem}`)
  return { kubelet: { document, userSupplied: true }, warnings: [...odd, ...warnings] }
}

function unusable(configMap: string, kind: string): Error {
  return invalid(`the ConfigMap kube-system/${configMap} of the cluster holds no ${kind} that kadm can read`, [`kubectl -n kube-system get configmap ${configMap} -o yaml`])
}
