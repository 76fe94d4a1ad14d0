/** What a host behind SSH says about itself, from the output of `k_facts`. Pure. */
import type { HostFacts, InterfaceAddress } from '../host.ts'
import { parseIpv4Routes, parseIpv6Routes } from '../network-facts.ts'

export function parseFacts(output: string): HostFacts {
  const [general = '', links = '', addresses = '', route = '', route6 = '', ...environment] = output.split('\0')
  const [hostname = '', uid, cpus, system = '', kernelRelease = '', memory] = general.split('\n')
  return {
    hostname,
    uid: Number(uid),
    cpus: Number(cpus),
    memory: Number(memory) * 1024,
    system,
    kernelRelease,
    addresses: parseIpAddresses(links, addresses),
    routes: [...parseIpv4Routes(route), ...parseIpv6Routes(route6)],
    environment: Object.fromEntries(
      environment.flatMap((line) => (line.includes('=') ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]] : [])),
    ),
  }
}

/**
 * The output of `ip -o link show up` and `ip -o addr show up`: interfaces that are up and have a carrier, as Node tells them of this
 * machine.
 */
export function parseIpAddresses(links: string, addresses: string): readonly InterfaceAddress[] {
  const flags = new Map(
    links.split('\n').flatMap((line) => {
      const [, device, found] = /^\d+:\s+([^:@\s]+)[^<]*<([^>]*)>/.exec(line) ?? []
      return device === undefined || found === undefined ? [] : [[device, found.split(',')] as const]
    }),
  )
  return addresses.split('\n').flatMap((line) => {
    const [, device = '', kind, address = '', length] =
      /^\d+:\s+(\S+)\s+(inet6?)\s+([^\s/]+)(?:\s+peer\s+[^\s/]+)?(?:\/(\d+))?/.exec(line) ?? []
    const has = flags.get(device)
    if (kind === undefined || has?.includes('LOWER_UP') !== true) return []
    const family = kind === 'inet6' ? 6 : 4
    return [{ device, address, family, prefixLength: Number(length ?? (family === 6 ? 128 : 32)), loopback: has.includes('LOOPBACK') }]
  })
}
