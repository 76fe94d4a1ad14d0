import type { Host } from '../host/host.ts'
import { messageOf } from '../errors.ts'
import { cgroupMount, noCgroups, verifyCgroups } from './cgroups.ts'
import { failed, passed, warned, type Check, type Findings } from './check.ts'
import type { InstalledKubelet } from './installed-kubelet.ts'
import { readKernelConfig } from './kernel-config.ts'

type Reads = Pick<Host, 'facts' | 'readFile' | 'readText' | 'stat' | 'list' | 'query'>

/** Kernel, its configuration, control groups: the validators of kubernetes/system-validators 1.12 that kubeadm runs. */
export function systemVerification(host: Reads, installed: InstalledKubelet): Check {
  return {
    name: 'SystemVerification',
    requires: 'a kernel, a kernel configuration and control groups that Kubernetes can work with',
    run: async () => {
      // What is needed of control groups depends on the kubelet; without one nothing is tested, as with kubeadm.
      const kubelet = await installed().catch((error: unknown) => new Error(messageOf(error)))
      if (kubelet instanceof Error) return failed(`couldn't get kubelet version: ${kubelet.message}`)
      const { system, kernelRelease: kernel } = await host.facts()
      const mount = await cgroupMount(host)
      const all = [
        verifyKernelVersion(kernel),
        await verifyKernelConfig(host, kernel, mount?.version ?? 2),
        system === 'Linux' ? passed : failed(`unsupported operating system: ${system}`),
        mount === undefined ? noCgroups : await verifyCgroups(host, mount, { kubelet, kernel }),
      ]
      return { warnings: all.flatMap(({ warnings }) => warnings), errors: all.flatMap(({ errors }) => errors) }
    },
  }
}

/** The long-term kernels of the 5 series, and all from 6 on. */
export function verifyKernelVersion(release: string): Findings {
  const known = /^5\.(4|10|15)|^([6-9]|[1-9]\d+)\.\d+\.\d+/.test(release)
  return known ? passed : warned(`kernel release ${release} is unsupported: use 5.4, 5.10, 5.15 or any 6.x; 5.10 or newer for cgroups v2`)
}

async function verifyKernelConfig(host: Reads, release: string, cgroups: 1 | 2): Promise<Findings> {
  const config = await readKernelConfig(host, release)
  if (config === undefined)
    return failed(
      `the configuration of kernel ${release} is not to be found (/proc/config.gz, /boot/config-${release}): install the package that has it`,
    )
  const isSet = (name: string): boolean => config.get(name) === 'y' || config.get(name) === 'm'
  const missing = [...required, ...requiredOfCgroups[cgroups]].filter((names) => !names.split('|').some(isSet))
  return missing.length === 0
    ? passed
    : failed(`unexpected kernel config: ${missing.map((names) => `CONFIG_${names.split('|').at(-1)}`).join(' ')}`)
}

/** Set as `y` or `m`; one of several names that the option has had. */
const required = [
  'NAMESPACES',
  'NET_NS',
  'PID_NS',
  'IPC_NS',
  'UTS_NS',
  'CPUSETS',
  'MEMCG',
  'INET',
  'EXT4_FS',
  'PROC_FS',
  'NETFILTER_XT_TARGET_REDIRECT|IP_NF_TARGET_REDIRECT',
  'NETFILTER_XT_MATCH_COMMENT',
  'FAIR_GROUP_SCHED',
]

const requiredOfCgroups = {
  1: ['CGROUPS', 'CGROUP_CPUACCT', 'CGROUP_DEVICE', 'CGROUP_FREEZER', 'CGROUP_PIDS', 'CGROUP_SCHED'],
  2: ['CGROUPS', 'CGROUP_BPF', 'CGROUP_PIDS', 'CGROUP_SCHED'],
}
