/** Which addresses a sandbox and its hosts have. Pure. */
import type { SandboxState } from './state.ts'

export interface Addresses {
  readonly address: string
  readonly address6: string
}

/** Host n (from 1) of the sandbox in 192.168.<subnet>.0/24 and fd00:192:168:<subnet>::/64. */
export function hostAddresses(subnet: number, n: number): Addresses {
  return addresses(subnet, 10 + n)
}

/** The same, by the name of the host. */
export function addressesOf({ subnet, hosts }: Pick<SandboxState, 'subnet' | 'hosts'>, host: string): Addresses {
  return hostAddresses(subnet, hosts.indexOf(host) + 1)
}

/** The controller: where commands come from, and the gateway of every host. */
export function controllerAddresses(subnet: number): Addresses {
  return addresses(subnet, 1)
}

export function balancerAddresses(subnet: number): Addresses {
  return addresses(subnet, 2)
}

/**
 * The subnet for a new sandbox: 99 when it is free, else the next that no other sandbox and no interface of the machine uses.
 * 192.168.0.0/16 does not meet the default Service range 10.96.0.0/12: in there, a host loses its own address as soon as kube-proxy is up.
 */
export function freeSubnet(taken: readonly number[], machineAddresses: readonly string[]): number | undefined {
  const used = new Set(taken)
  for (const address of machineAddresses) {
    const match = /^192\.168\.(\d+)\.\d+$/.exec(address)
    if (match !== null) used.add(Number(match[1]))
  }
  for (let step = 0; step < 200; step++) {
    const subnet = 1 + ((98 + step) % 253)
    if (!used.has(subnet)) return subnet
  }
  return undefined
}

/** /etc/hosts of every host and of the balancer. */
export function hostsFile(subnet: number, hosts: readonly string[], balancerName: string): string {
  const lines = ['127.0.0.1 localhost', '::1 localhost ip6-localhost']
  hosts.forEach((host, index) => {
    const { address, address6 } = hostAddresses(subnet, index + 1)
    lines.push(`${address} ${host}`, `${address6} ${host}`)
  })
  const balancer = balancerAddresses(subnet)
  lines.push(`${balancer.address} ${balancerName}`, `${balancer.address6} ${balancerName}`)
  return `${lines.join('\n')}\n`
}

function addresses(subnet: number, last: number): Addresses {
  return { address: `192.168.${subnet}.${last}`, address6: `fd00:192:168:${subnet}::${last}` }
}
