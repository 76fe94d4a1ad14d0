import { isIPv6 } from 'node:net'

/** `host:port`, with the brackets that an IPv6 address needs. */
export function hostAndPort(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
}

/** Where clients reach the etcd member at this address. */
export function clientUrl(address: string): string {
  return `https://${hostAndPort(address, 2379)}`
}

/** Where the other members reach it. */
export function peerUrl(address: string): string {
  return `https://${hostAndPort(address, 2380)}`
}
