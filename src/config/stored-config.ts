/** Configuration that a cluster keeps in its ConfigMaps, read back. Only its version is checked again: a cluster runs with the rest. */
import { kubeletKind, kubeProxyKind, decodeComponent, type ComponentKind } from './component-config.ts'
import { decodeDocument } from './decode-document.ts'
import { withDefaults } from './defaults.ts'
import { invalid, readDocuments } from './documents.ts'
import { toClusterConfiguration } from './init-config.ts'
import type { Decoded } from './decode.ts'
import { withV } from './kubernetes-version.ts'
import { kubeletDefaults } from './kubelet-defaults.ts'
import { kubeProxyDefaults, type KubeProxySource } from './kube-proxy-defaults.ts'
import type { ClusterConfiguration, ComponentConfig, InitConfiguration } from './model.ts'
import { compareVersions, parseVersion, versionTable } from './versions.ts'

/**
 * `ClusterConfiguration` of ConfigMap kube-system/kubeadm-config. Unknown fields are warnings; a value of the wrong type is none, here and
 * below: without it the cluster would be given another configuration, and what it had written over. Throws CONFIG_SYNTAX,
 * CONFIG_INVALID.
 */
export function storedClusterConfiguration(text: string): { readonly cluster: ClusterConfiguration; readonly warnings: readonly string[] } {
  const decoded = decodeDocument('ClusterConfiguration', readDocuments(text), { strict: false, allowExperimental: false })
  if (decoded === undefined) throw unusable('kubeadm-config', 'ClusterConfiguration')
  requireTypes('kubeadm-config', decoded.problems)
  const document = withDefaults('ClusterConfiguration', decoded.value)
  const [, ci = '', version = ''] = /^(ci\/)?(.*)$/.exec(String(document['kubernetesVersion'])) ?? []
  // Written by hand it may lack its v, which the tags of images have.
  const kubernetesVersion = parseVersion(version) === undefined ? version : withV(version)
  return {
    cluster: toClusterConfiguration({ ...document, kubernetesVersion }, ci !== ''),
    warnings: decoded.warnings.map((line) => `ConfigMap kubeadm-config: ${line}`),
  }
}

/**
 * For who makes parts of a control plane or nodes of the cluster: its manifests and images are known from one minor below the own one on. As
 * in kubeadm no matter to `certs` and `reset`. Throws CONFIG_INVALID.
 */
export function refuseOldCluster({ kubernetesVersion }: Pick<ClusterConfiguration, 'kubernetesVersion'>): void {
  const oldest = versionTable.oldestControlPlane
  if (parseVersion(kubernetesVersion) === undefined || compareVersions(kubernetesVersion, oldest) >= 0) return
  throw invalid(
    `the cluster has Kubernetes ${kubernetesVersion}, by its ConfigMap kube-system/kubeadm-config: this kadm works with ${oldest} and newer`,
    ['kubectl version   # take the kubeadm of that version; where another one runs, correct the ConfigMap'],
  )
}

/** `kubelet` of ConfigMap kube-system/kubelet-config, with what has to be in it. Throws CONFIG_SYNTAX, CONFIG_INVALID. */
export function storedKubeletConfiguration(
  text: string,
  { networking, certificatesDir }: Pick<ClusterConfiguration, 'networking' | 'certificatesDir'>,
): { readonly kubelet: ComponentConfig; readonly warnings: readonly string[] } {
  const decoded = storedComponent(kubeletKind, 'kubelet-config', text)
  const { document, warnings } = kubeletDefaults(decoded.value, { ...networking, certificatesDir })
  return { kubelet: { document, userSupplied: true }, warnings: [...oddities('kubelet-config', decoded), ...warnings] }
}

/** `config.conf` of ConfigMap kube-system/kube-proxy, with what has to be in it. Throws CONFIG_SYNTAX, CONFIG_INVALID. */
export function storedKubeProxyConfiguration(
  text: string,
  source: KubeProxySource,
): { readonly kubeProxy: ComponentConfig; readonly warnings: readonly string[] } {
  const decoded = storedComponent(kubeProxyKind, 'kube-proxy', text)
  const { document, warnings } = kubeProxyDefaults(decoded.value, source)
  return { kubeProxy: { document, userSupplied: true }, warnings: [...oddities('kube-proxy', decoded), ...warnings] }
}

/** What a node that is in the cluster says of itself, in the words of InitConfiguration, which certificates and manifests are made from. */
export function settingsOfNode(
  node: Pick<InitConfiguration, 'nodeRegistration' | 'localAPIEndpoint' | 'patches' | 'timeouts'>,
): InitConfiguration {
  return { ...node, bootstrapTokens: [], skipPhases: [], dryRun: false }
}

/** As it stands there, without what has to be in it. Throws CONFIG_SYNTAX, CONFIG_INVALID. */
export function storedComponent(kind: ComponentKind, configMap: string, text: string): Decoded {
  const given = readDocuments(text).find((one) => one.group === kind.group && one.version === kind.version && one.kind === kind.kind)
  if (given === undefined) throw unusable(configMap, kind.kind)
  const decoded = decodeComponent(kind, given)
  requireTypes(configMap, decoded.problems)
  return decoded
}

function requireTypes(configMap: string, problems: Decoded['problems']): void {
  if (problems.length === 0) return
  throw invalid(
    `the ConfigMap kube-system/${configMap} of the cluster has values that are not what they have to be`,
    [`kubectl -n kube-system edit configmap ${configMap}`],
    problems.map(({ path, text }) => `${path} ${text}`),
  )
}

function oddities(configMap: string, { unknown }: Decoded): readonly string[] {
  return unknown.map(({ path, text }) => `ConfigMap ${configMap}: ${path} ${text}`)
}

function unusable(configMap: string, kind: string): Error {
  return invalid(`the ConfigMap kube-system/${configMap} of the cluster holds no ${kind} that kadm can read`, [
    `kubectl -n kube-system get configmap ${configMap} -o yaml`,
  ])
}
