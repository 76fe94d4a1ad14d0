/** What the probes of the hosts of a cluster say about one another and about each. Pure. */
import type { ClusterFile } from '../../config/cluster-file.ts'
import type { Findings } from '../../preflight/check.ts'
import { verifyKernelVersion } from '../../preflight/system-verification.ts'
import type { HostProbe, Link } from './host-probe.ts'
import type { ReachedHost } from './host-state.ts'
import { twinFindings } from './twins.ts'

export interface ProbedHost {
  readonly name: string
  readonly state: ReachedHost
  readonly probe: HostProbe
  /** That its address is on; `undefined` when it is on none, or on loopback. */
  readonly link: Link | undefined
  /** It is about to get a node. */
  readonly arrives: boolean
  /** Where it is about to get a member of etcd. */
  readonly etcdDirectory?: string | undefined
}

export function probeFindings(file: ClusterFile, hosts: readonly ProbedHost[]): Findings {
  const arriving = hosts.filter(({ arrives }) => arrives)
  const rooms = arriving.map(etcdRoom)
  const twins = macTwins(hosts)
  return {
    errors: [
      ...twins.errors,
      ...arriving.flatMap((host) => [...cgroupErrors(file, host), ...nameErrors(host), ...programErrors(host)]),
      ...rooms.flatMap(({ errors }) => errors),
    ],
    warnings: [
      ...twins.warnings,
      ...mtuWarnings(hosts),
      ...arriving.flatMap((host) => [...kernelWarnings(host), ...diskWarnings(file, host)]),
      ...rooms.flatMap(({ warnings }) => warnings),
    ],
  }
}

/** `seconds`: of each write. etcd asks for 10 ms at the 99th percentile: etcd.io/docs/v3.6/faq, "What does the etcd warning ... mean". */
export function writeWarnings(name: string, directory: string, seconds: readonly number[]): readonly string[] {
  const sorted = seconds.toSorted((a, b) => a - b)
  const p99 = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0
  if (p99 <= 0.01) return []
  const which = sorted.length < 100 ? 'the slowest' : '99th percentile'
  const figures = `${(p99 * 1000).toFixed(1)} ms (${which} of ${sorted.length}; etcd wants at most 10 ms)`
  return [
    `${name}: a write to the disk of ${directory} takes ${figures}, and every change in the cluster waits for it: give etcd a faster disk, or one of its own (etcd.local.dataDir)`,
  ]
}

function macTwins(hosts: readonly ProbedHost[]): Findings {
  return twinFindings(hosts, {
    valueOf: ({ link }) => (link !== undefined && /[1-9a-f]/.test(link.mac) ? link.mac : ''),
    textOf: (mac, group) => `${group.map(nameWithDevice).join(' and ')} have the same MAC address "${mac}": give each machine its own`,
  })
}

/**
 * The pod network takes its own size from one host's link, or from each: the widest packet of one host must pass the link of every other.
 */
function mtuWarnings(hosts: readonly ProbedHost[]): readonly string[] {
  const groups = [
    ...Map.groupBy(
      hosts.filter(({ link }) => link !== undefined),
      ({ link }) => link?.mtu ?? 0,
    ),
  ].toSorted(([a], [b]) => a - b)
  const [least] = groups
  if (least === undefined || groups.length === 1) return []
  const texts = groups.map(([mtu, group]) => `${mtu} on ${group.map(nameWithDevice).join(', ')}`)
  return [
    `hosts have links of different MTU: ${texts.join('; ')}: set the same on all (ip link set dev DEVICE mtu ${least[0]}), or tell the pod network ${least[0]} less its own header`,
  ]
}

function nameWithDevice({ name, link }: ProbedHost): string {
  return `${name} (${link?.device})`
}

/** The kubelet goes by the same: KEP 5573. */
function cgroupErrors({ kubeadm }: ClusterFile, { name, state, probe }: ProbedHost): readonly string[] {
  const refuses = Number(/^v1\.(\d+)/.exec(state.kubelet)?.[1]) >= 35 && kubeadm.kubeletConfiguration?.['failCgroupV1'] !== false
  if (!refuses || probe.cgroup === '' || probe.cgroup === 'cgroup2fs') return []
  return [
    `${name} has cgroups v1, which its kubelet ${state.kubelet} refuses: boot it with systemd.unified_cgroup_hierarchy=1, or set kubeletConfiguration.failCgroupV1: false`,
  ]
}

function kernelWarnings({ name, state }: ProbedHost): readonly string[] {
  return verifyKernelVersion(state.kernel).warnings.map((text) => `${name}: ${text}`)
}

/**
 * Where the kubelet begins to throw Pods and images out, unless it is told otherwise: kubernetes.io, node-pressure-eviction. Percent that
 * must be free.
 */
const evictionLimits = { '/var/lib/kubelet': 10, '/var/lib/containerd': 15 } as const
/** Of CRI-O, where it is there. */
const evictionLimitsOfPresent = { '/var/lib/containers': 15 } as const

/** For these the probe has to look: `present`, only where they are there. */
export const watchedDirectories = { always: Object.keys(evictionLimits), present: Object.keys(evictionLimitsOfPresent) } as const

function diskWarnings({ kubeadm }: ClusterFile, { name, probe }: ProbedHost): readonly string[] {
  if (kubeadm.kubeletConfiguration?.['evictionHard'] !== undefined) return []
  return Object.entries({ ...evictionLimits, ...evictionLimitsOfPresent }).flatMap(([directory, limit]) => {
    const disk = probe.disks.find((one) => one.directory === directory)
    const percent = disk === undefined ? 100 : (disk.free / disk.size) * 100
    if (disk === undefined || percent >= limit) return []
    const free = `${percent.toFixed(1)} % (${(disk.free / 1024 ** 3).toFixed(1)} GiB)`
    return [
      `${name}: ${free} free where ${directory} is, and below ${limit} % the kubelet takes no Pods: make room, or set kubeletConfiguration.evictionHard`,
    ]
  })
}

/** Its nodes would ask for the API by that name, and wait for it in vain. */
function nameErrors({ name, probe }: ProbedHost): readonly string[] {
  return probe.unknownNames.map(
    (endpoint) =>
      `${name} does not know the name "${endpoint}" of controlPlaneEndpoint: enter it in the DNS that the host asks, or in its /etc/hosts`,
  )
}

function programErrors({ name, probe }: ProbedHost): readonly string[] {
  return probe.missingPrograms.map((program) => `${name} has no ${program}, which lays network.manifest there: install it`)
}

/** Bytes. etcd lays its log out in files of 64 MB, the next one beforehand; its database may grow to 2 GiB unless it is told otherwise. */
const etcdNeeds = { least: 200 * 1024 ** 2, later: 2 * 1024 ** 3 } as const

function etcdRoom({ name, state, probe, etcdDirectory }: ProbedHost): Findings {
  const disk = probe.disks.find(({ directory }) => directory === etcdDirectory)
  // What was cut off here may have its data already: that is no reason against going on.
  if (disk === undefined || disk.free >= etcdNeeds.later || state.unfinished !== undefined) return { errors: [], warnings: [] }
  const text = `${name}: ${Math.floor(disk.free / 1024 ** 2)} MiB free where etcd is to have its data (${disk.directory})`
  return disk.free < etcdNeeds.least
    ? { errors: [`${text}, and it does not start with less than ${etcdNeeds.least / 1024 ** 2}: make room`], warnings: [] }
    : { errors: [], warnings: [`${text}, and its database may grow to 2 GiB: make room, or give it a disk of its own`] }
}
