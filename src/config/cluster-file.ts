/** A cluster file (`kadm.dev/v1alpha1`, kind Cluster) into what the fleet works with. */
import type { JsonObject } from '../json.ts'
import { checkFields } from './check.ts'
import { clusterFileApiVersion, clusterFileFields, hostRoles, isOtherVersion } from './fields/cluster-file-fields.ts'
import { clusterFileProblems } from './cluster-file-rules.ts'
import { decodeObject } from './decode.ts'
import { fillFields, isEmpty } from './defaults.ts'
import { durationAt, objectsAt, part, textAt, textsAt, toTaint } from './document-fields.ts'
import { invalid } from './documents.ts'
import { withV } from './kubernetes-version.ts'
import { configProblems } from './config-problems.ts'
import { readNamedDocuments } from './load/read-config-file.ts'
import type { Taint } from './model.ts'
import { kadmVersion, newestKubernetes } from './own-version.ts'

export interface ClusterFile {
  readonly name: string
  /** With `v`. The newest that kadm knows where the file names none. */
  readonly kubernetesVersion: string
  readonly versionIsGiven: boolean
  readonly controlPlaneEndpoint?: string
  /** Those that are to be in the cluster, control planes first, and those that are to leave it. In the order of the file otherwise. */
  readonly hosts: readonly ClusterHost[]
  readonly kubeadm: KubeadmDocuments
  /** As written in the file: a path beside it. */
  readonly networkManifest?: string
  readonly upgrade: UpgradeSettings
}

export interface ClusterHost {
  readonly name: string
  readonly address: string
  readonly role: HostRole
  readonly labels: Readonly<Record<string, string>>
  /** Absent: those of its role. */
  readonly taints?: readonly Taint[]
  readonly ssh: SshSettings
}

/** `absent`: to leave the cluster. `lost`: its machine is gone, and nothing is asked of it. */
export type HostRole = (typeof hostRoles)[number]

export interface SshSettings extends SshLogin {
  readonly become: 'none' | 'sudo'
  readonly bastion?: SshLogin & { readonly address: string }
}

export interface SshLogin {
  readonly user?: string
  readonly port: number
  readonly identityFile?: string
  /** `SHA256:...` */
  readonly hostKey?: string
}

/** kubeadm's documents as they were written, types checked; `{}` for one that is not there. */
export interface KubeadmDocuments {
  readonly clusterConfiguration: JsonObject
  readonly initConfiguration: JsonObject
  readonly joinConfiguration: JsonObject
  /** `undefined`: the user said nothing, which a cluster remembers. */
  readonly kubeletConfiguration?: JsonObject
  readonly kubeProxyConfiguration?: JsonObject
}

export interface UpgradeSettings {
  /** A number, or a share such as `10%`. */
  readonly maxUnavailable: string
  readonly canary: readonly string[]
  /** Milliseconds. */
  readonly soak: number
  readonly probe?: string
}

/** Throws CONFIG_SYNTAX, or CONFIG_INVALID with every problem and its path in the details. `name`: of the file, for errors. */
export function parseClusterFile(text: string, name: string): ClusterFile {
  const [document, ...others] = readNamedDocuments(text, name, [`kadm plan -f "${name}"   # looks only`, formHint])
  const apiVersion = document === undefined ? '' : `${document.group}/${document.version}`
  if (isOtherVersion(apiVersion) && document?.kind === 'Cluster')
    throw invalid(`"${name}" is a cluster file of apiVersion ${apiVersion}: this kadm (${kadmVersion}) reads ${clusterFileApiVersion}`, [
      `kadm version   # give the file to a kadm that reads ${apiVersion}, or write it as ${clusterFileApiVersion}: docs/cluster-file.md`,
    ])
  if (document === undefined || others.length > 0 || apiVersion !== clusterFileApiVersion || document.kind !== 'Cluster') {
    throw invalid(`"${name}" is no cluster file: it must hold one document of apiVersion ${clusterFileApiVersion}, kind Cluster`, [
      formHint,
    ])
  }
  const { value, problems, unknown } = decodeObject(clusterFileFields, document.content, ['apiVersion', 'kind'])
  const kubeadm = part(part(value, 'spec'), 'kubeadm')
  // kubeadm's documents get their defaults on the host that reads them.
  const filled = fillFields(clusterFileFields, withKubeadm(value, {}))
  const complete = withKubeadm(filled, kubeadm)
  const all = [
    ...problems,
    ...unknown,
    ...document.duplicates.map((duplicate) => ({ path: 'Cluster', text: duplicate })),
    ...checkFields(clusterFileFields, filled, ''),
  ]
  // Rules between fields make sense only of fields that are right.
  const wrong = all.length > 0 ? all : clusterFileProblems(toClusterFile(complete))
  if (wrong.length > 0) throw configProblems(wrong, name, [`kadm plan -f "${name}"   # looks only`])
  return toClusterFile(complete)
}

const formHint = 'see docs/cluster-file.md for the right form'

function withKubeadm(document: JsonObject, kubeadm: JsonObject): JsonObject {
  return { ...document, spec: { ...part(document, 'spec'), kubeadm } }
}

function toClusterFile(document: JsonObject): ClusterFile {
  const spec = part(document, 'spec')
  const endpoint = textAt(spec, 'controlPlaneEndpoint')
  const manifest = textAt(part(spec, 'network'), 'manifest')
  const version = textAt(spec, 'kubernetesVersion') || textAt(part(part(spec, 'kubeadm'), 'clusterConfiguration'), 'kubernetesVersion')
  const hosts = objectsAt(spec, 'hosts').map((host) => toHost(host, part(spec, 'ssh')))
  return {
    name: textAt(part(document, 'metadata'), 'name'),
    kubernetesVersion: withV(version || newestKubernetes),
    versionIsGiven: version !== '',
    ...(endpoint !== '' && { controlPlaneEndpoint: endpoint }),
    hosts: [...hosts.filter(({ role }) => role === 'control-plane'), ...hosts.filter(({ role }) => role !== 'control-plane')],
    kubeadm: toKubeadm(part(spec, 'kubeadm')),
    ...(manifest !== '' && { networkManifest: manifest }),
    upgrade: toUpgrade(part(spec, 'upgrade')),
  }
}

function toHost(host: JsonObject, ssh: JsonObject): ClusterHost {
  // Empty is as good as left out, as everywhere.
  const given = Object.entries(host).filter(([name, value]) => ['user', 'port', 'hostKey'].includes(name) && !isEmpty(value))
  const own = { ...ssh, ...Object.fromEntries(given) }
  const bastion = part(ssh, 'bastion')
  const labels = part(host, 'labels')
  return {
    name: textAt(host, 'name'),
    address: textAt(host, 'address').toLowerCase(),
    role: roleOf(textAt(host, 'role')),
    labels: Object.fromEntries(Object.keys(labels).map((key) => [key, textAt(labels, key)])),
    ...(host['taints'] !== undefined && { taints: objectsAt(host, 'taints').map(toTaint) }),
    ssh: {
      ...toTarget(own),
      become: textAt(ssh, 'become') === 'sudo' ? 'sudo' : 'none',
      ...(ssh['bastion'] !== undefined && { bastion: { ...toTarget(bastion), address: textAt(bastion, 'address').toLowerCase() } }),
    },
  }
}

function roleOf(role: string): HostRole {
  return hostRoles.find((one) => one === role) ?? 'worker'
}

function toTarget(target: JsonObject): SshLogin {
  const optional = Object.fromEntries(
    ['user', 'identityFile', 'hostKey'].flatMap((name) => (textAt(target, name) === '' ? [] : [[name, textAt(target, name)]])),
  )
  return { port: Number(target['port'] ?? 22), ...optional }
}

function toKubeadm(kubeadm: JsonObject): KubeadmDocuments {
  const { kubeletConfiguration, kubeProxyConfiguration } = kubeadm
  return {
    clusterConfiguration: part(kubeadm, 'clusterConfiguration'),
    initConfiguration: part(kubeadm, 'initConfiguration'),
    joinConfiguration: part(kubeadm, 'joinConfiguration'),
    ...(kubeletConfiguration !== undefined && { kubeletConfiguration: part(kubeadm, 'kubeletConfiguration') }),
    ...(kubeProxyConfiguration !== undefined && { kubeProxyConfiguration: part(kubeadm, 'kubeProxyConfiguration') }),
  }
}

function toUpgrade(upgrade: JsonObject): UpgradeSettings {
  const probe = textAt(upgrade, 'probe')
  return {
    maxUnavailable: String(upgrade['maxUnavailable'] ?? 1),
    canary: textsAt(upgrade, 'canary'),
    soak: durationAt(upgrade, 'soak'),
    ...(probe !== '' && { probe }),
  }
}
