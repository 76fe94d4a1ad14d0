/** The control groups of a host: which version, which controllers. */
import { compareVersions } from '../config/versions.ts'
import type { Host } from '../host/host.ts'
import { failed, type Findings } from './check.ts'

export interface CgroupMount {
  readonly path: string
  readonly version: 1 | 2
}

/**
 * `undefined` when none is mounted. `/sys/fs/cgroup` decides where it is there; else the first mount of version 2, else the first of
 * version 1.
 */
export async function cgroupMount(host: Pick<Host, 'readText' | 'stat'>): Promise<CgroupMount | undefined> {
  const mounts = ((await host.readText('/proc/mounts')) ?? '')
    .split('\n')
    .filter((line) => line.includes('cgroup'))
    .map((line) => line.split(/\s+/))
  const standard = mounts.find(([, path]) => path === '/sys/fs/cgroup')
  if (standard?.[2] === 'tmpfs') {
    const memory = await host.stat('/sys/fs/cgroup/memory')
    return { path: '/sys/fs/cgroup', version: memory?.kind === 'directory' ? 1 : 2 }
  }
  if (standard !== undefined) return { path: '/sys/fs/cgroup', version: standard[2] === 'cgroup2' ? 2 : 1 }
  const [, path = '', type] = mounts.find(([, , kind]) => kind === 'cgroup2') ?? mounts.find(([, , kind]) => kind === 'cgroup') ?? []
  return type === undefined ? undefined : { path, version: type === 'cgroup2' ? 2 : 1 }
}

/** What kubelet and runtimes need of them. `kubelet`: its version. */
export async function verifyCgroups(
  host: Pick<Host, 'readText' | 'list' | 'stat'>,
  mount: CgroupMount,
  { kubelet, kernel }: { readonly kubelet: string; readonly kernel: string },
): Promise<Findings> {
  const controllers = mount.version === 2 ? await controllersOfVersion2(host, mount.path, kernel) : await controllersOfVersion1(host)
  const { required, optional } = neededControllers[mount.version]
  const missing = required.filter((name) => !controllers.includes(name))
  const missingOptional = optional.filter((name) => !controllers.includes(name))
  // The kubelet refuses version 1 by itself from 1.35 on (KEP 5573); before, it still works.
  const refused = mount.version === 1 && compareVersions(kubelet, '1.35.0-0') >= 0
  return {
    warnings: [
      ...(mount.version === 1 && !refused ? [version1] : []),
      ...(missingOptional.length === 0 ? [] : [`missing optional cgroups: ${missingOptional.join(' ')}`]),
    ],
    errors: [...(refused ? [version1] : []), ...(missing.length === 0 ? [] : [`missing required cgroups: ${missing.join(' ')}`])],
  }
}

export const noCgroups: Findings = failed('no cgroup file system is mounted: mount -t cgroup2 none /sys/fs/cgroup')

const version1 =
  'this host has cgroups v1, which a kubelet of 1.35 or newer refuses: move to cgroups v2 (kernel argument systemd.unified_cgroup_hierarchy=1), ' +
  'or set failCgroupV1: false in the KubeletConfiguration and ignore SystemVerification'

/** Source: DefaultSysSpec of kubernetes/system-validators 1.12. */
const neededControllers = {
  1: { required: ['cpu', 'cpuacct', 'cpuset', 'devices', 'freezer', 'memory', 'pids'], optional: ['hugetlb', 'blkio'] },
  2: { required: ['cpu', 'cpuset', 'devices', 'freezer', 'memory', 'pids'], optional: ['hugetlb', 'io'] },
} as const

async function controllersOfVersion1(host: Pick<Host, 'readText'>): Promise<readonly string[]> {
  const rows = ((await host.readText('/proc/cgroups')) ?? '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/\s+/))
  return rows.flatMap(([name = '', , , enabled]) => (enabled === undefined || enabled === '0' ? [] : [name]))
}

async function controllersOfVersion2(
  host: Pick<Host, 'readText' | 'list' | 'stat'>,
  mount: string,
  kernel: string,
): Promise<readonly string[]> {
  const listed = ((await host.readText(`${mount}/cgroup.controllers`)) ?? '').split(/\s+/).filter((name) => name !== '')
  // `devices` has no file (it is eBPF, since kernel 4.15); `freezer` is a file of every group but the root.
  return ['devices', ...((await hasFreezer(host, mount, kernel)) ? ['freezer'] : []), ...listed]
}

/** kubeadm makes a group to see whether it can be frozen; the groups that are there already tell the same. */
async function hasFreezer(host: Pick<Host, 'list' | 'stat'>, mount: string, kernel: string): Promise<boolean> {
  for (const name of (await host.list(mount)) ?? []) {
    if ((await host.stat(`${mount}/${name}`))?.kind === 'directory')
      return (await host.stat(`${mount}/${name}/cgroup.freeze`)) !== undefined
  }
  // No group at all: the kernel has it since 5.2.
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10))
  return major > 5 || (major === 5 && minor >= 2)
}
