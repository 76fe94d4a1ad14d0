/** From a cluster file to kubeadm's documents for one of its hosts, as a configuration file of that host would hold them. */
import type { Json, JsonObject } from '../json.ts'
import { kubeletKind, kubeProxyKind } from './component-config.ts'
import type { ClusterFile, ClusterHost } from './cluster-file.ts'
import { part } from './document-fields.ts'
import { formatIp, parseIp } from './ip-address.ts'
import { kubeadmApiVersion } from './kinds.ts'
import { dumpYaml } from './yaml.ts'

/** YAML for `init` on this host. `own`: the host's addresses; one of them that the file names is the one to announce. */
export function initFileText(file: ClusterFile, host: ClusterHost, own: readonly string[]): string {
  const { initConfiguration, kubeletConfiguration, kubeProxyConfiguration } = file.kubeadm
  const init = { ...withNode(initConfiguration, host), localAPIEndpoint: apiEndpoint(initConfiguration, host, own) }
  return documents([
    { apiVersion: kubeadmApiVersion, kind: 'InitConfiguration', ...init },
    { apiVersion: kubeadmApiVersion, kind: 'ClusterConfiguration', ...clusterDocument(file) },
    ...[
      { ...kubeletKind, content: kubeletConfiguration },
      { ...kubeProxyKind, content: kubeProxyConfiguration },
    ].flatMap(({ group, version, kind, content }) =>
      content === undefined ? [] : [{ apiVersion: `${group}/${version}`, kind, ...content }],
    ),
  ])
}

/** The ClusterConfiguration, without apiVersion and kind. */
export function clusterDocument({ name, kubernetesVersion, controlPlaneEndpoint, kubeadm }: ClusterFile): JsonObject {
  return {
    clusterName: name,
    ...kubeadm.clusterConfiguration,
    kubernetesVersion,
    ...(controlPlaneEndpoint !== undefined && { controlPlaneEndpoint }),
  }
}

/**
 * YAML for `join` on this host. The cluster is known to whoever runs it, so the way of discovery that kubeadm's document must name is never
 * gone.
 */
export function joinFileText(file: ClusterFile, host: ClusterHost, own: readonly string[]): string {
  const { joinConfiguration: given } = file.kubeadm
  const controlPlane = part(given, 'controlPlane')
  const isControlPlane = host.role === 'control-plane'
  const { controlPlane: _, ...rest } = withNode(given, host)
  return documents([
    {
      apiVersion: kubeadmApiVersion,
      kind: 'JoinConfiguration',
      ...rest,
      discovery: { file: { kubeConfigPath: 'https://sponsor.invalid' } },
      ...(isControlPlane && { controlPlane: { ...controlPlane, localAPIEndpoint: apiEndpoint(controlPlane, host, own) } }),
    },
  ])
}

function withNode(document: JsonObject, { name, taints }: ClusterHost): JsonObject {
  const wanted: JsonObject = taints === undefined ? {} : { taints: taints.map((taint) => ({ ...taint })) }
  return { ...document, nodeRegistration: { ...part(document, 'nodeRegistration'), name, ...wanted } }
}

/** What ssh connects to may be another address than the host's own, behind a gateway: then it is found as on one host. */
function apiEndpoint(document: JsonObject, { address }: ClusterHost, own: readonly string[]): JsonObject {
  const given = part(document, 'localAPIEndpoint')
  const ip = parseIp(address)
  const isOwn = ip !== undefined && own.some((one) => one === formatIp(ip))
  return { ...(isOwn && { advertiseAddress: address }), ...given }
}

function documents(all: readonly JsonObject[]): string {
  return all.map((document: Json) => dumpYaml(document)).join('---\n')
}
