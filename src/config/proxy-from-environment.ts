/**
 * Which proxy a Kubernetes component would use: the rules of Go's net/http (golang.org/x/net/http/httpproxy), which every one of them
 * follows. Pure.
 */
import { cidrContains, parseCidr } from './cidr.ts'
import { isLoopback, parseIp, type IpAddress } from './ip-address.ts'

/** The proxy for an HTTPS connection to host and port, as written in the environment; `undefined`: directly. */
export function httpsProxyFor(host: string, port: number, environment: Readonly<Record<string, string>>): string | undefined {
  const proxy = firstOf(environment, 'HTTPS_PROXY', 'https_proxy')
  if (proxy === undefined || host === 'localhost') return undefined
  const ip = parseIp(host)
  if (ip !== undefined && isLoopback(ip)) return undefined
  const exceptions = (firstOf(environment, 'NO_PROXY', 'no_proxy') ?? '').split(',').map((entry) => entry.trim().toLowerCase())
  const target = { host: host.toLowerCase(), ip, port: String(port) }
  return exceptions.some((entry) => isException(entry, target)) ? undefined : proxy
}

/** As it may be shown, with a scheme or without. */
export function withoutPassword(proxy: string): string {
  return proxy.replace(/^((?:[^/]*:\/\/)?[^/:@]*):(?!\/\/).*@/, '$1:[redacted]@')
}

interface Target {
  readonly host: string
  readonly ip: IpAddress | undefined
  readonly port: string
}

function isException(entry: string, { host, ip, port }: Target): boolean {
  if (entry === '') return false
  if (entry === '*') return true
  const cidr = parseCidr(entry)
  if (cidr !== undefined) return ip !== undefined && cidrContains(cidr, ip)
  const { name, port: wanted } = splitPort(entry)
  if (name === '' || (wanted !== '' && wanted !== port)) return false
  const address = parseIp(name)
  if (address !== undefined) return ip?.family === address.family && ip.value === address.value
  // A name is for names only: "10.0.0" does not match 10.0.0.1.
  if (ip !== undefined) return false
  // `example.com` is for itself and what is below, `.example.com` and `*.example.com` only for what is below.
  const domain = name.replace(/^\*(?=\.)/, '')
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`)
}

/** `host:port`, `[v6]:port`, or no port at all. */
function splitPort(entry: string): { readonly name: string; readonly port: string } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(entry) ?? []
  return port === undefined ? { name: entry, port: '' } : { name: bracketed ?? plain ?? '', port }
}

function firstOf(environment: Readonly<Record<string, string>>, ...names: readonly string[]): string | undefined {
  return names.map((name) => environment[name]).find((value) => value !== undefined && value !== '')
}
