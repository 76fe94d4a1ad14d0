/**
 * What the cluster file gives and the cluster that is there does not have: apply reads it when it makes the cluster, and never again. Pure.
 */
import { clusterDocument } from '../../config/cluster-file-documents.ts'
import type { ClusterFile } from '../../config/cluster-file.ts'
import { clusterFields } from '../../config/fields/cluster-fields.ts'
import { kubeletKind, kubeProxyKind } from '../../config/component-config.ts'
import { withDefaults } from '../../config/defaults.ts'
import { part } from '../../config/document-fields.ts'
import { durationNanoseconds } from '../../config/durations.ts'
import { completeCluster } from '../../config/dynamic-defaults.ts'
import type { Field } from '../../config/fields/field.ts'
import { toClusterConfiguration } from '../../config/init-config.ts'
import { kubeProxyDefaults } from '../../config/kube-proxy-defaults.ts'
import { kubeletDefaults } from '../../config/kubelet-defaults.ts'
import type { ClusterConfiguration } from '../../config/model.ts'
import { clusterConfigurationDocument } from '../../config/v1beta4.ts'
import { equalJson, isJsonArray, isObject, type Json, type JsonObject } from '../../json.ts'
import { byCodeUnit } from '../../manifests/static-pods/arguments.ts'
import { withDisabledAddons } from '../../phases/init/start-init.ts'
import type { HostState } from '../look/host-state.ts'
import { anyHostFlags } from '../host-flags.ts'
import { endpointAfterwards } from './stable-endpoint.ts'
import type { StoredConfiguration } from '../look/stored-cluster.ts'

/**
 * One for each field that the file gives and whose value is not what init would have stored of it; none while an init or an upgrade is not
 * finished.
 */
export function configurationWarnings(
  file: ClusterFile,
  states: ReadonlyMap<string, HostState>,
  stored: StoredConfiguration | undefined,
): readonly string[] {
  if (stored === undefined || isUnderWay(states)) return []
  const all = [...clusterWarnings(file, stored.cluster), ...kubeletWarnings(file, stored), ...kubeProxyWarnings(file, stored)]
  return all.map((line) => line.replaceAll(anyHost, () => anyHostFlags(file.hosts)))
}

function isUnderWay(states: ReadonlyMap<string, HostState>): boolean {
  return [...states.values()].some((state) => state.kind === 'reached' && /^(?:init|upgrade)\b/.test(state.unfinished ?? ''))
}

function clusterWarnings(file: ClusterFile, kept: ClusterConfiguration): readonly string[] {
  const wanted = storedByInit(file)
  const documents = {
    // Another version is a matter of upgrades.
    fields: clusterFields.filter(({ name }) => name !== 'kubernetesVersion'),
    wanted: clusterConfigurationDocument(wanted),
    kept: clusterConfigurationDocument(kept),
    isSame: isSameOfCluster,
  }
  const { controlPlaneEndpoint, kubeadm } = file
  const given = { ...kubeadm.clusterConfiguration, ...(controlPlaneEndpoint !== undefined && { controlPlaneEndpoint }) }
  const isOtherEtcd = wanted.etcd.kind !== kept.etcd.kind
  return differingPaths(given, documents).map((path) => {
    const isGivenLate = path === 'controlPlaneEndpoint' && (kept.controlPlaneEndpoint ?? '') === ''
    return warning(placeOf(path, file), isGivenLate ? endpointAfterwards : wayOf(path, isOtherEtcd))
  })
}

/** Where a field of ClusterConfiguration stands in the file. */
function placeOf(path: string, { controlPlaneEndpoint }: ClusterFile): string {
  return path === 'controlPlaneEndpoint' && controlPlaneEndpoint !== undefined ? path : `kubeadm.clusterConfiguration.${path}`
}

/** What init would keep in the cluster, were it made of this file. */
function storedByInit(file: ClusterFile): ClusterConfiguration {
  const init = withDefaults('InitConfiguration', file.kubeadm.initConfiguration)
  const given = withDefaults('ClusterConfiguration', clusterDocument(file))
  const cluster = toClusterConfiguration(completeCluster(given, part(init, 'localAPIEndpoint')['bindPort']), false)
  const skipped = init['skipPhases'] ?? []
  return withDisabledAddons(cluster, isJsonArray(skipped) ? skipped.map(String) : [])
}

function kubeletWarnings({ kubeadm }: ClusterFile, { cluster, kubelet }: StoredConfiguration): readonly string[] {
  const { kubeletConfiguration: given } = kubeadm
  if (given === undefined || kubelet === undefined) return []
  const { networking, certificatesDir } = cluster
  const { document: wanted } = kubeletDefaults(given, { ...networking, certificatesDir })
  const paths = differingPaths(given, { fields: kubeletKind.fields, wanted, kept: kubelet, isSame: isSameOfComponent })
  return paths.map((path) => warning(`kubeadm.kubeletConfiguration.${path}`, kubeletWay))
}

function kubeProxyWarnings({ kubeadm }: ClusterFile, { cluster, kubeProxy }: StoredConfiguration): readonly string[] {
  const { kubeProxyConfiguration: given } = kubeadm
  if (given === undefined || kubeProxy === undefined) return []
  // The address makes defaults only, and what the file does not give is not compared.
  const { document: wanted } = kubeProxyDefaults(given, { podSubnet: cluster.networking.podSubnet ?? '', advertiseAddress: '' })
  const paths = differingPaths(given, { fields: kubeProxyKind.fields, wanted, kept: kubeProxy, isSame: isSameOfComponent })
  return paths.map((path) => warning(`kubeadm.kubeProxyConfiguration.${path}`, kubeProxyWay))
}

function warning(path: string, way: string): string {
  return `spec.${path} is not what the cluster has, and apply does not change it: ${way}`
}

interface Compared {
  readonly fields: readonly Field[]
  /** Both as they are stored, so that what is left out when it is empty is left out in both. */
  readonly wanted: JsonObject
  readonly kept: JsonObject
  readonly isSame: (name: string, wanted: Json | undefined, kept: Json | undefined) => boolean
}

/** Paths of the fields that are given and differ; maps and lists as a whole. An empty text is as good as none: the default is meant. */
function differingPaths(given: JsonObject, { fields, wanted, kept, isSame }: Compared): readonly string[] {
  return fields
    .filter(({ name }) => given[name] !== undefined && given[name] !== '')
    .flatMap(({ name, type }) => {
      if (type.kind !== 'object') return isSame(name, wanted[name], kept[name]) ? [] : [name]
      const inner = { fields: type.fields, wanted: part(wanted, name), kept: part(kept, name), isSame }
      return differingPaths(part(given, name), inner).map((path) => `${name}.${path}`)
    })
}

function isSameOfCluster(name: string, wanted: Json | undefined, kept: Json | undefined): boolean {
  return equalJson(withoutOrder(name, wanted), withoutOrder(name, kept))
}

/** Only flags of the same name are in an order that counts; names of certificates are in none. */
function withoutOrder(name: string, value: Json | undefined): Json | undefined {
  if (!isJsonArray(value)) return value
  if (name.endsWith('SANs')) return [...new Set(value.map(String))].toSorted()
  return name === 'extraArgs' ? value.toSorted((a, b) => byCodeUnit(nameOf(a), nameOf(b))) : value
}

function nameOf(argument: Json): string {
  return isObject(argument) ? String(argument['name']) : ''
}

function isSameOfComponent(_name: string, wanted: Json | undefined, kept: Json | undefined): boolean {
  return equalJson(wanted, kept, isSameScalar)
}

/** Maps of kubelets hold amounts and durations as texts: 100m is 0.1, and 60s is 1m. */
function isSameScalar(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  return [durationNanoseconds, quantity].some((read) => {
    const [one, other] = [a, b].map((value) => read(String(value)))
    return one !== undefined && one === other
  })
}

/** `100m`, `1.5Gi`, `1e3`; `undefined` for what is none. */
function quantity(text: string): number | undefined {
  const match = /^([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)([num]|[kMGTPE]|[KMGTPE]i)?$/.exec(text)
  if (match === null) return undefined
  const [, digits = '', suffix = ''] = match
  // The last digit of a product such as 1100 * 0.001 is not to be relied on.
  return Number((Number(digits) * (scales[suffix] ?? 1)).toPrecision(15))
}

const scales: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  ...Object.fromEntries(['M', 'G', 'T', 'P', 'E'].map((letter, index) => [letter, 1000 ** (index + 2)])),
  ...Object.fromEntries(['K', 'M', 'G', 'T', 'P', 'E'].map((letter, index) => [`${letter}i`, 1024 ** (index + 1)])),
}

/** Stands for the flags by which kadm reaches the hosts of the file. */
const anyHost = '--host'
const edit = 'kubectl -n kube-system edit configmap'
const stays = 'a cluster keeps what it was made with; put that into the file'
const upgradesAnew = `${edit} kubeadm-config, then kadm upgrade node ${anyHost} for each control plane`
const kubeletWay = `${edit} kubelet-config, then for each node kadm upgrade node phase kubelet-config ${anyHost}, and on it systemctl restart kubelet`
const kubeProxyWay = `${edit} kube-proxy, then kubectl -n kube-system rollout restart daemonset kube-proxy`

/** Names of a certificate are those of its predecessor when it is renewed, so that one is made anew. */
function madeAnew(certificate: string, baseName: string): string {
  return (
    `${edit} kubeadm-config, then on each control plane remove ${baseName}.crt and ${baseName}.key, and run for it ` +
    `kadm init phase certs ${certificate} ${anyHost} --config with that and the node's InitConfiguration`
  )
}

function addonWay(owner: string): string {
  return `${upgradesAnew}; one that is not wanted goes by kubectl -n kube-system delete ${owner}`
}

const renewed = `${edit} kubeadm-config, then kadm certs renew all --restart ${anyHost} for each control plane`

/** By the beginning of the path in ClusterConfiguration; all others come by the static Pods and addons of an upgrade. */
const clusterWays: readonly (readonly [path: string, way: string])[] = [
  ['apiServer.certSANs', madeAnew('apiserver', 'apiserver')],
  ['etcd.local.serverCertSANs', madeAnew('etcd-server', 'etcd/server')],
  ['etcd.local.peerCertSANs', madeAnew('etcd-peer', 'etcd/peer')],
  ['etcd.local.dataDir', stays],
  ['networking.', stays],
  ['controlPlaneEndpoint', stays],
  ['clusterName', stays],
  ['certificatesDir', stays],
  ['caCertificateValidityPeriod', stays],
  ['encryptionAlgorithm', renewed],
  ['certificateValidityPeriod', renewed],
  ['dns.disabled', addonWay('deployment coredns')],
  ['proxy.disabled', addonWay('daemonset kube-proxy')],
]

function wayOf(path: string, isOtherEtcd: boolean): string {
  if (isOtherEtcd && path.startsWith('etcd.')) return stays
  return clusterWays.find(([start]) => path.startsWith(start))?.[1] ?? upgradesAnew
}
