/** What must hold between the hosts of a cluster, which no check on one host can see. Pure. */
import { cidrContains, parseCidrs } from '../../config/cidr.ts'
import type { ClusterFile } from '../../config/cluster-file.ts'
import { withDefaults } from '../../config/defaults.ts'
import { part } from '../../config/document-fields.ts'
import { parseIp } from '../../config/ip-address.ts'
import { parseVersion, versionTable } from '../../config/versions.ts'
import type { Findings } from '../../preflight/check.ts'
import { sharedRanges, type ClusterRanges } from '../../preflight/network-overlap.ts'
import type { Action } from './decide.ts'
import type { HostState, ReachedHost } from '../look/host-state.ts'
import { twinFindings } from '../look/twins.ts'

/** Of all hosts that are to be in the cluster; kubelets only of those that are about to get a node. */
export function hostChecks(file: ClusterFile, states: ReadonlyMap<string, HostState>, actions: readonly Action[]): Findings {
  const arriving = new Set(actions.filter(({ kind }) => kind === 'init' || kind === 'join').map(({ host }) => host))
  const hosts = file.hosts.flatMap(({ name, role }) => {
    const state = states.get(name)
    return role !== 'absent' && state?.kind === 'reached' ? [{ name, state, arrives: arriving.has(name) }] : []
  })
  const clocks = clockFindings(hosts)
  const twins = [
    twinsBy(hosts, 'machineId', '/etc/machine-id', 'give each its own: rm /etc/machine-id && systemd-machine-id-setup'),
    twinsBy(hosts, 'productUuid', 'product_uuid', 'give each machine its own'),
    twinsBy(withNameOfNode(hosts), 'hostname', 'host name', 'give each its own: hostnamectl set-hostname NAME'),
  ]
  return {
    errors: [
      ...twins.flatMap(({ errors }) => errors),
      ...clocks.errors,
      ...rangeErrors(file, hosts),
      ...(actions.some(({ kind }) => kind === 'init') ? sharedRanges(rangesOf(file)) : []),
      ...hosts.filter(({ arrives }) => arrives).flatMap((host) => kubeletErrors(file, host)),
    ],
    warnings: [...twins.flatMap(({ warnings }) => warnings), ...clocks.warnings],
  }
}

interface NamedHost {
  readonly name: string
  readonly state: ReachedHost
  /** It is about to get a node. */
  readonly arrives: boolean
}

function twinsBy(hosts: readonly NamedHost[], field: 'machineId' | 'productUuid' | 'hostname', what: string, remedy: string): Findings {
  return twinFindings(hosts, {
    valueOf: ({ state }) => state[field],
    textOf: (value, group) => `${group.map(({ name }) => name).join(' and ')} have the same ${what} "${value}": ${remedy}`,
  })
}

/** A host name that is no Node's is nobody's business: all that runs on a node calls it by the Node. */
function withNameOfNode(hosts: readonly NamedHost[]): readonly NamedHost[] {
  const nodes = new Set(hosts.map(({ name, state }) => state.nodeName ?? name))
  return hosts.filter(({ state }) => nodes.has(state.hostname))
}

/** etcd warns from 1 s on; certificates count from 5 minutes before they were made. */
function clockFindings(hosts: readonly NamedHost[]): Findings {
  const sorted = hosts.toSorted((a, b) => a.state.clockAhead - b.state.clockAhead)
  const [slow, fast] = [sorted[0], sorted.at(-1)]
  if (slow === undefined || fast === undefined) return { errors: [], warnings: [] }
  const seconds = (fast.state.clockAhead - slow.state.clockAhead) / 1000
  const text = `the clock of ${fast.name} is ${seconds.toFixed(1)} s ahead of that of ${slow.name}: is a time service running on both?`
  return { errors: seconds >= 60 ? [text] : [], warnings: seconds >= 1 && seconds < 60 ? [text] : [] }
}

function rangesOf({ kubeadm }: ClusterFile): Required<ClusterRanges> {
  const networking = part(withDefaults('ClusterConfiguration', kubeadm.clusterConfiguration), 'networking')
  return { serviceSubnet: String(networking['serviceSubnet'] ?? ''), podSubnet: String(networking['podSubnet'] ?? '') }
}

function rangeErrors(file: ClusterFile, hosts: readonly NamedHost[]): readonly string[] {
  const networking = rangesOf(file)
  const ranges = (['serviceSubnet', 'podSubnet'] as const).flatMap((field) =>
    (parseCidrs(networking[field] ?? '') ?? []).map((range) => ({ field, range })),
  )
  return hosts.flatMap(({ name, state }) =>
    state.addresses.flatMap((address) => {
      const ip = parseIp(address)
      // A node has an address in the range of Pods: its own bridge.
      const inside = ip === undefined || state.node !== 'none' ? [] : ranges.filter(({ range }) => cidrContains(range, ip))
      return inside.map(
        ({ field }) =>
          `${name} has the address ${address}, which lies in networking.${field} (${networking[field]}): the host would lose it; choose another range`,
      )
    }),
  )
}

/** A kubelet may be some minors older than the control plane, and not newer. */
function kubeletErrors({ kubernetesVersion }: ClusterFile, { name, state }: NamedHost): readonly string[] {
  if (state.kubelet === '') return [`${name} has no kubelet: install one of ${kubernetesVersion}`]
  const [own, wanted] = [parseVersion(state.kubelet), parseVersion(kubernetesVersion)]
  if (own === undefined || wanted === undefined) return []
  if (own.minor > wanted.minor)
    return [`${name} has kubelet ${state.kubelet}, newer than the control plane is to be (${kubernetesVersion})`]
  return own.minor < wanted.minor - versionTable.kubeletSkew
    ? [
        `${name} has kubelet ${state.kubelet}, more than ${versionTable.kubeletSkew} minors older than the control plane is to be (${kubernetesVersion})`,
      ]
    : []
}
