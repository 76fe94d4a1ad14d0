/** Checks of single values: each returns what is wrong, in words for the user; empty when all is well. */
import { cidrSize, formatCidr, hostBits, parseCidrs } from './cidr.ts'
import type { Problem } from './decode.ts'
import { isSubdomain, splitEndpoint } from './endpoint.ts'
import { isGlobalUnicast, isLoopback, parseIp } from './ip-address.ts'
import { fieldOf } from '../json.ts'
import { urlScheme } from './url-scheme.ts'

type Problems = readonly string[]

/** RFC 1123 subdomain as Kubernetes names things. */
export function subdomainProblems(value: string): Problems {
  return isSubdomain(value) ? [] : [`"${clip(value)}" is not a DNS name: lower-case letters, digits, "-" and ".", at most 253 characters`]
}

export function absolutePathProblems(value: string): Problems {
  return value.startsWith('/') ? [] : [`"${clip(value)}" is not an absolute path`]
}

export function ipProblems(value: string): Problems {
  return parseIp(value) === undefined ? [`"${clip(value)}" is not an IP address`] : []
}

export function portProblems(value: number): Problems {
  return Number.isInteger(value) && value >= 1 && value <= 65_535 ? [] : [`${value} is not a port: 1 to 65535`]
}

/** `host`, `host:port`, `[ipv6]:port`, `ipv6`. */
export function hostPortProblems(value: string): Problems {
  return splitEndpoint(value) === undefined ? [`"${clip(value)}" is not a host name or IP address with an optional port`] : []
}

/** Each a DNS name, one with `*.` before it, or an IP address. */
export function sanProblems(values: readonly string[]): Problems {
  const bad = values.filter(
    (value) => !isSubdomain(value) && !(value.startsWith('*.') && isSubdomain(value.slice(2))) && parseIp(value) === undefined,
  )
  return bad.map((value) => `"${clip(value)}" is neither a DNS name nor an IP address`)
}

/** One CIDR, or one of each family. */
export function subnetProblems(value: string, minimumAddresses: number): Problems {
  const cidrs = parseCidrs(value)
  if (cidrs === undefined) return [`"${clip(value)}" is not an IP range such as 10.96.0.0/12, or two separated by a comma`]
  const families = new Set(cidrs.map((cidr) => cidr.network.family))
  const problems =
    cidrs.length > 2 || families.size !== cidrs.length ? [`"${clip(value)}" may hold one range, or one IPv4 and one IPv6 range`] : []
  const small = cidrs.filter((cidr) => cidrSize(cidr) < BigInt(minimumAddresses))
  return [
    ...problems,
    ...small.map((cidr) => `${formatCidr(cidr)} is too small: it holds ${cidrSize(cidr)} addresses, ${minimumAddresses} are needed`),
  ]
}

/** The API server keeps a bitmap of Service addresses, so a range may have 20 host bits at most. Source: kube-apiserver. */
export function serviceSubnetProblems(value: string): Problems {
  const large = (parseCidrs(value) ?? []).filter((cidr) => hostBits(cidr) > 20)
  return [
    ...subnetProblems(value, 10),
    ...large.map((cidr) => `${formatCidr(cidr)} is too large: the prefix must be at least /${cidr.network.family === 4 ? 12 : 108}`),
  ]
}

export function argumentProblems(value: unknown): Problems {
  const items: readonly unknown[] = Array.isArray(value) ? value : []
  return items.flatMap((item, index) => ((fieldOf(item, 'name') ?? '') === '' ? [`the argument at index ${index} has no name`] : []))
}

/** A repository is good when `<repository>/name:tag` is an image reference. Grammar: distribution/reference. */
export function imageRepositoryProblems(value: string): Problems {
  if (reference.test(`${value}/name:tag`)) return []
  const scheme = /^[a-z]+:\/\//i.exec(value)?.[0]
  return [`"${clip(value)}" is not an image repository${scheme === undefined ? '' : `: leave "${scheme}" out`}`]
}

export function pullPolicyProblems(value: string): Problems {
  return oneOfProblems(value, ['Always', 'IfNotPresent', 'Never'])
}

export function oneOfProblems(value: string, allowed: readonly string[]): Problems {
  return allowed.includes(value) ? [] : [`"${clip(value)}" is not one of ${allowed.join(', ')}`]
}

/** An AES key of 32 bytes as hex. The value is not repeated: it is a secret. */
export function certificateKeyProblems(value: string): Problems {
  return /^(?:[0-9a-fA-F]{2}){32}$/.test(value) ? [] : ['is not a key of 64 hexadecimal digits']
}

export function criSocketProblems(value: string): Problems {
  const scheme = urlScheme(value)
  if (scheme === undefined) return [`"${clip(value)}" is not a URL`]
  return scheme === 'unix' ? [] : [`"${clip(value)}" is not a Unix socket such as unix:///run/containerd/containerd.sock`]
}

function isToken(value: string): boolean {
  return /^[a-z0-9]{6}\.[a-z0-9]{16}$/.test(value)
}

/** The value is not repeated: it is a secret. */
export function tokenProblems(value: string): Problems {
  return isToken(value) ? [] : ['is not a bootstrap token: 6 characters, a dot, 16 characters, all of them a-z or 0-9']
}

/** An API server is announced at an address that others can reach; loopback stands for one that is on the loopback interface. */
export function bindAddressProblems(
  address: string,
  known: readonly Problem[],
  path = 'localAPIEndpoint.advertiseAddress',
): readonly Problem[] {
  const ip = parseIp(address)
  if (ip === undefined || isLoopback(ip) || isGlobalUnicast(ip) || known.some((problem) => problem.path === path)) return []
  return [{ path, text: `"${address}" is not an address that other nodes can reach` }]
}

export function clip(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text
}

const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
const domain = `(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const reference = new RegExp(`^(?:${domain}/)?${component}(?:/${component})*(?::\\w[\\w.-]{0,127})?$`)
