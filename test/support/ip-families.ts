/** Clusters of both IP families and of IPv6 alone: ranges for Pods and Services, and the addresses of each node. */
import type { LabConfig } from '../../src/sandbox/lab-config.ts'
import type { Sandbox, SandboxHost } from '../../src/sandbox/sandbox.ts'

export interface IpFamily {
  readonly podSubnet: string
  readonly serviceSubnet: string
  /** The kubelet's `--node-ip`. */
  nodeIp(host: SandboxHost): string
}

export const dualStack: IpFamily = {
  podSubnet: '10.244.0.0/16,fd00:10:244::/56',
  serviceSubnet: '10.96.0.0/16,fd00:10:96::/112',
  nodeIp: ({ address, address6 }) => `${address},${address6}`,
}

export const ipv6Only: IpFamily = {
  podSubnet: 'fd00:10:244::/56',
  serviceSubnet: 'fd00:10:96::/112',
  nodeIp: ({ address6 }) => address6,
}

/** For the init of the first host. */
export function familyConfig(sandbox: Sandbox, { podSubnet, serviceSubnet, nodeIp }: IpFamily): LabConfig {
  return { podSubnet, serviceSubnet, nodeIp: nodeIp(hostOf(sandbox, 'h1')) }
}

/** What a host that joins must be told: a join by words alone has no `kubeletExtraArgs`. */
export async function setNodeIp(sandbox: Sandbox, host: string, { nodeIp }: IpFamily): Promise<void> {
  await sandbox.put(host, '/etc/default/kubelet', `KUBELET_EXTRA_ARGS=--node-ip=${nodeIp(hostOf(sandbox, host))}\n`)
}

export function hostOf(sandbox: Sandbox, name: string): SandboxHost {
  const host = sandbox.hosts.find((one) => one.name === name)
  if (host === undefined) throw new Error(`the sandbox has no host ${name}`)
  return host
}
