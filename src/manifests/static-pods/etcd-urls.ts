import { ports } from '../../config/ports.ts'
import { hostAndPort } from '../../config/server-url.ts'

/** Where clients reach the etcd member at this address. */
export function clientUrl(address: string): string {
  return `https://${hostAndPort(address, ports.etcdClients)}`
}

/** Where the other members reach it. */
export function peerUrl(address: string): string {
  return `https://${hostAndPort(address, ports.etcdPeers)}`
}
