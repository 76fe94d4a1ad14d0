/** Addresses and routes of this machine. Which address is advertised is for `src/config` to say. */
import { readFile } from 'node:fs/promises'
import { SocketAddress } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { InterfaceAddress, Route } from './host.ts'

/** Addresses of the interfaces that are up. */
export function interfaceAddresses(): readonly InterfaceAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([label, entries = []]) =>
    entries.map((entry) => ({
      device: label.split(':')[0] ?? label, // `eth0:1` is a label of an address on eth0
      address: entry.address,
      family: entry.family === 'IPv6' ? (6 as const) : (4 as const),
      prefixLength: Number(entry.cidr?.split('/')[1] ?? (entry.family === 'IPv6' ? 128 : 32)),
      loopback: entry.internal,
    })),
  )
}

/** Routes in the kernel's order, those that only refuse left out. Empty for a family that the kernel does not have. */
export async function routes(): Promise<readonly Route[]> {
  const [four, six] = await Promise.all(['/proc/net/route', '/proc/net/ipv6_route'].map((file) => readFile(file, 'utf8').catch(() => '')))
  return [...parseIpv4Routes(four ?? ''), ...parseIpv6Routes(six ?? '')]
}

// linux/route.h
const isUp = 0x1
const hasGateway = 0x2
const isReject = 0x200

/**
 * The text of /proc/net/route: a heading, then `Iface Destination Gateway Flags RefCnt Use Metric Mask ...`, addresses as hex in
 * host order.
 */
export function parseIpv4Routes(text: string): readonly Route[] {
  return rows(text.split('\n').slice(1)).flatMap(([device = '', destination = '', gateway = '', flagText = '', , , metric, mask = '']) => {
    const flags = Number.parseInt(flagText, 16)
    // `*`: a route into nothing (blackhole), which the kernel does not mark as a refusal; Calico leaves such.
    if ((flags & isUp) === 0 || (flags & isReject) !== 0 || device === '*') return []
    const prefixLength = [...Number.parseInt(mask, 16).toString(2)].filter((bit) => bit === '1').length
    const via = (flags & hasGateway) === 0 ? {} : { gateway: ipv4(gateway) }
    return [{ device, family: 4 as const, destination: `${ipv4(destination)}/${prefixLength}`, ...via, metric: Number(metric) }]
  })
}

/** The text of /proc/net/ipv6_route: `destination length source length gateway metric refs use flags device`, all hex. */
export function parseIpv6Routes(text: string): readonly Route[] {
  return rows(text.split('\n')).flatMap(
    ([destination = '', length = '', , , gateway = '', metric = '', , , flagText = '', device = '']) => {
      const flags = Number.parseInt(flagText, 16)
      if ((flags & isUp) === 0 || (flags & isReject) !== 0) return []
      const via = (flags & hasGateway) === 0 ? {} : { gateway: ipv6(gateway) }
      return [
        {
          device,
          family: 6 as const,
          destination: `${ipv6(destination)}/${Number.parseInt(length, 16)}`,
          ...via,
          metric: Number.parseInt(metric, 16),
        },
      ]
    },
  )
}

function rows(lines: readonly string[]): readonly (readonly string[])[] {
  return lines.map((line) => line.trim().split(/\s+/)).filter((fields) => fields.length > 7)
}

/** The kernel prints the 32 bits as the host sees them; every machine that kadm supports is little-endian. */
function ipv4(hex: string): string {
  return (hex.match(/../g) ?? [])
    .toReversed()
    .map((byte) => Number.parseInt(byte, 16))
    .join('.')
}

function ipv6(hex: string): string {
  return new SocketAddress({ address: (hex.match(/.{4}/g) ?? []).join(':'), family: 'ipv6' }).address
}
