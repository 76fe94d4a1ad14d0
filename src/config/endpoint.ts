/** Names of hosts, and endpoints: a name or an address with a port. */
import { parseIp } from './ip-address.ts'

/** Host and port (may be empty) as kubeadm reads an endpoint; `undefined` when it cannot. */
export function splitEndpoint(value: string): { readonly host: string; readonly port: string } | undefined {
  const { host, port } = splitHostPort(value) ?? { host: value, port: '' }
  if (port !== '' && !/^\+?0*[1-9]\d{0,4}$/.test(port)) return undefined
  if (Number(port) > 65_535) return undefined
  return parseIp(host) !== undefined || isSubdomain(host) ? { host, port } : undefined
}

/** As Go's net.SplitHostPort: a port must be there (it may be empty), an IPv6 address needs brackets. */
export function splitHostPort(value: string): { readonly host: string; readonly port: string } | undefined {
  const match = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(value)
  return match === null ? undefined : { host: match[1] ?? match[2] ?? '', port: match[3] ?? '' }
}

/** RFC 1123, as Kubernetes names things. */
export function isSubdomain(value: string): boolean {
  return value.length <= 253 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/.test(value)
}
