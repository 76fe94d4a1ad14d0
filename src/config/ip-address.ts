/** IP addresses as numbers, read and written as Go does it (leading zeros in IPv4 are read as decimal, as Kubernetes still does). */

export interface IpAddress {
  readonly family: 4 | 6
  readonly value: bigint
}

/** `undefined` when it is no address. An IPv4 address in IPv6 form (`::ffff:1.2.3.4`) is an IPv4 address, as in Go. */
export function parseIp(text: string): IpAddress | undefined {
  if (!text.includes(':')) {
    const value = ipv4(text)
    return value === undefined ? undefined : { family: 4, value }
  }
  const value = ipv6(text)
  if (value === undefined) return undefined
  return value >> 32n === 0xffffn ? { family: 4, value: value & 0xffff_ffffn } : { family: 6, value }
}

/** The short form: `10.0.0.1`, `fd00::1`. */
export function formatIp({ family, value }: IpAddress): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16))
  let best = { start: 0, length: 1 }
  for (let start = 0; start < 8; start++) {
    let end = start
    while (groups[end] === '0') end++
    if (end - start > best.length) best = { start, length: end - start }
  }
  if (best.length < 2) return groups.join(':')
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`
}

/** Of an address, so that texts of the same one are equal; any other text as it is. */
export function shortestForm(text: string): string {
  const ip = parseIp(text)
  return ip === undefined ? text : formatIp(ip)
}

export function ipFamily(text: string): 4 | 6 | undefined {
  return parseIp(text)?.family
}

export function isLoopback({ family, value }: IpAddress): boolean {
  return family === 4 ? value >> 24n === 127n : value === 1n
}

export function isUnspecified({ value }: IpAddress): boolean {
  return value === 0n
}

/** Go's `IsGlobalUnicast`: all but unspecified, broadcast, loopback, multicast and link-local. Private addresses are in. */
export function isGlobalUnicast(ip: IpAddress): boolean {
  if (isUnspecified(ip) || isLoopback(ip)) return false
  const { family, value } = ip
  if (family === 4) return value !== 0xffff_ffffn && value >> 28n !== 0xen && value >> 16n !== 0xa9fen
  return value >> 120n !== 0xffn && value >> 118n !== 0xfe80n >> 6n
}

function ipv4(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^\d+$/.test(part) && Number(part) <= 255)) return undefined
  return parts.reduce((sum, part) => sum * 256n + BigInt(Number(part)), 0n)
}

function ipv6(text: string): bigint | undefined {
  let words = text
  if (text.includes('.')) {
    const start = text.lastIndexOf(':') + 1
    const tail = ipv4(text.slice(start))
    if (tail === undefined) return undefined
    words = `${text.slice(0, start)}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`
  }
  const halves = words.split('::')
  if (halves.length > 2) return undefined
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')))
  const [head = [], tail] = groups
  const given = head.length + (tail?.length ?? 0)
  if (tail === undefined ? given !== 8 : given > 7) return undefined
  const all = [...head, ...Array.from({ length: 8 - given }, () => '0'), ...(tail ?? [])]
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  return BigInt(`0x${all.map((group) => group.padStart(4, '0')).join('')}`)
}
