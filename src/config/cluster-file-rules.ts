/** What must hold between the fields of a cluster file. */
import type { Json, JsonObject } from '../json.ts'
import { cidrContains, parseCidrs } from './cidr.ts'
import { checkDocument } from './check.ts'
import type { ClusterFile } from './cluster-file.ts'
import type { Problem } from './decode.ts'
import { isEmpty, withDefaults } from './defaults.ts'
import { part } from './document-fields.ts'
import { parseIp } from './ip-address.ts'
import { exactVersionProblems, withV } from './kubernetes-version.ts'

/** Paths are those of the file. */
export function clusterFileProblems(file: ClusterFile): readonly Problem[] {
  return [...hostProblems(file), ...kubeadmProblems(file), ...rangeProblems(file), ...canaryProblems(file)]
}

function hostProblems({ hosts, controlPlaneEndpoint, kubeadm }: ClusterFile): readonly Problem[] {
  const controlPlanes = hosts.filter(({ role }) => role === 'control-plane')
  const endpoint = controlPlaneEndpoint ?? kubeadm.clusterConfiguration['controlPlaneEndpoint']
  return [
    ...twice(hosts.map(({ name }) => name)).map((name) => ({ path: 'spec.hosts', text: `"${name}" is there more than once` })),
    ...twice(hosts.map(({ address, ssh }) => `${address} port ${ssh.port}`)).map((address) => ({
      path: 'spec.hosts',
      text: `two hosts have the address ${address}`,
    })),
    ...(controlPlanes.length === 0 ? [{ path: 'spec.hosts', text: 'no host has the role "control-plane"' }] : []),
    ...(controlPlanes.length > 1 && endpoint === undefined
      ? [
          {
            path: 'spec.controlPlaneEndpoint',
            text: 'must be given with more than one control plane: the address that all nodes reach them at',
          },
        ]
      : []),
  ]
}

/** Things that the file says elsewhere, or that only the fleet can know. */
function kubeadmProblems({ kubernetesVersion, controlPlaneEndpoint, kubeadm }: ClusterFile): readonly Problem[] {
  const { clusterConfiguration: cluster, initConfiguration: init, joinConfiguration: join } = kubeadm
  const documents = { initConfiguration: init, joinConfiguration: join }
  const said = (kind: keyof typeof documents, path: string, text: string): readonly Problem[] =>
    isEmpty(valueAt(documents[kind], path)) ? [] : [{ path: `spec.kubeadm.${kind}.${path}`, text }]
  const other = (name: string, value: string | undefined, same = (text: string) => text): readonly Problem[] =>
    cluster[name] === undefined || value === undefined || same(String(cluster[name])) === value
      ? []
      : [{ path: `spec.kubeadm.clusterConfiguration.${name}`, text: `is "${String(cluster[name])}", and spec.${name} is "${value}"` }]
  const version = cluster['kubernetesVersion']
  const badVersion = isEmpty(version) ? [] : exactVersionProblems(String(version))
  return [
    ...badVersion.map((text) => ({ path: 'spec.kubeadm.clusterConfiguration.kubernetesVersion', text })),
    ...(badVersion.length > 0 ? [] : other('kubernetesVersion', kubernetesVersion, withV)),
    ...other('controlPlaneEndpoint', controlPlaneEndpoint),
    ...(['initConfiguration', 'joinConfiguration'] as const).flatMap((kind) => [
      ...said(kind, 'nodeRegistration.name', 'is not for a fleet: it is the name of the host in spec.hosts'),
      ...said(kind, 'dryRun', 'is not for a fleet: kadm plan shows what would be done'),
    ]),
    ...said('joinConfiguration', 'discovery', 'is not needed: kadm knows the cluster'),
    ...said('joinConfiguration', 'controlPlane.certificateKey', 'is not needed: kadm brings the certificates itself'),
    ...checkDocument('ClusterConfiguration', withDefaults('ClusterConfiguration', { ...cluster, kubernetesVersion })).map(
      ({ path, text }) => ({
        path: `spec.kubeadm.clusterConfiguration.${path}`,
        text,
      }),
    ),
  ]
}

/** A host inside the range of Services or Pods loses its own address as soon as kube-proxy is up. */
function rangeProblems({ hosts, kubeadm }: ClusterFile): readonly Problem[] {
  const networking = part(withDefaults('ClusterConfiguration', kubeadm.clusterConfiguration), 'networking')
  return (['serviceSubnet', 'podSubnet'] as const).flatMap((field) =>
    (parseCidrs(String(networking[field] ?? '')) ?? []).flatMap((range) =>
      hosts.flatMap(({ name, address }) => {
        const ip = parseIp(address)
        return ip !== undefined && cidrContains(range, ip)
          ? [
              {
                path: `spec.kubeadm.clusterConfiguration.networking.${field}`,
                text: `holds ${address}, the address of host "${name}": choose another range`,
              },
            ]
          : []
      }),
    ),
  )
}

function canaryProblems({ hosts, upgrade }: ClusterFile): readonly Problem[] {
  const workers = new Set(hosts.flatMap(({ name, role }) => (role === 'worker' ? [name] : [])))
  return upgrade.canary
    .filter((name) => !workers.has(name))
    .map((name) => ({ path: 'spec.upgrade.canary', text: `"${name}" is no worker of spec.hosts` }))
}

function valueAt(document: JsonObject, path: string): Json | undefined {
  const names = path.split('.')
  const parent = names.slice(0, -1).reduce(part, document)
  return parent[names.at(-1) ?? '']
}

function twice(values: readonly string[]): readonly string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))]
}
