import { hostAndPort } from '../../config/server-url.ts'

/** Where clients reach the etcd member at this address. */
export function clientUrl(address: string): string {
  return `https://${hostAndPort(address, 2379)}`
}

/** Where the other members reach it. */
export function peerUrl(address: string): string {
  return `https://${hostAndPort(address, 2380)}`
}
