/** Address ranges such as `10.96.0.0/12`. */
import { formatIp, parseIp, type IpAddress } from './ip-address.ts'

export interface Cidr {
  /** The first address: host bits of what was given are dropped. */
  readonly network: IpAddress
  readonly prefixLength: number
}

/** `undefined` when it is no range. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/')
  if (slash === -1) return undefined
  const ip = parseIp(text.slice(0, slash))
  const digits = text.slice(slash + 1)
  // `::ffff:1.2.3.0/120` is an IPv4 range for net.IP but its mask counts from the IPv6 start.
  const written = text.includes(':') ? 128 : 32
  if (ip === undefined || !/^\d{1,3}$/.test(digits) || Number(digits) > written) return undefined
  const bits = ip.family === 4 ? 32 : 128
  const prefixLength = Math.max(0, Number(digits) - (written - bits))
  const shift = BigInt(bits - prefixLength)
  return { network: { family: ip.family, value: (ip.value >> shift) << shift }, prefixLength }
}

export function formatCidr({ network, prefixLength }: Cidr): string {
  return `${formatIp(network)}/${prefixLength}`
}

/** All ranges of a comma-separated list; `undefined` when one of them is none. */
export function parseCidrs(text: string): readonly Cidr[] | undefined {
  const all = text.split(',').map((part) => parseCidr(part))
  const cidrs = all.filter((cidr) => cidr !== undefined)
  return cidrs.length === all.length ? cidrs : undefined
}

export function hostBits({ network, prefixLength }: Cidr): number {
  return (network.family === 4 ? 32 : 128) - prefixLength
}

/** How many addresses it holds, network and broadcast address counted. */
export function cidrSize(cidr: Cidr): bigint {
  return 1n << BigInt(hostBits(cidr))
}

export function cidrContains(cidr: Cidr, ip: IpAddress): boolean {
  if (cidr.network.family !== ip.family) return false
  const bits = BigInt(hostBits(cidr))
  return ip.value >> bits === cidr.network.value >> bits
}

export function cidrsOverlap(a: Cidr, b: Cidr): boolean {
  return cidrContains(a, b.network) || cidrContains(b, a.network)
}

/**
 * The n-th address of the first range of a list (0 is the network itself): 1 is the API server's Service, 10 the DNS Service.
 * `undefined` when the range is too small or the text is no range.
 */
export function nthAddress(subnets: string, n: number): string | undefined {
  const cidr = parseCidrs(subnets)?.[0]
  if (cidr === undefined || BigInt(n) >= cidrSize(cidr)) return undefined
  return formatIp({ family: cidr.network.family, value: cidr.network.value + BigInt(n) })
}
