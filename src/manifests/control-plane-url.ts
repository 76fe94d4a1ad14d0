import { isIPv6 } from 'node:net'
import type { InitConfig } from '../config/model.ts'
import { hostAndPort } from './static-pods/etcd-urls.ts'

/** `https://host:port` by which nodes reach the API: the shared endpoint, or this node's own API server when there is none. */
export function controlPlaneUrl({ cluster, init }: Pick<InitConfig, 'cluster' | 'init'>): string {
  const { advertiseAddress, bindPort } = init.localAPIEndpoint
  const shared = cluster.controlPlaneEndpoint
  if (shared === undefined || shared === '') return `https://${hostAndPort(advertiseAddress, bindPort)}`
  const { host = shared, port } = /^\[?(?<host>[^\]]+?)\]?:(?<port>\d+)$/.exec(isIPv6(shared) ? '' : shared)?.groups ?? {}
  return `https://${hostAndPort(host, Number(port ?? bindPort))}`
}
