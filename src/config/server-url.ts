/** By which URL the API server of a node, or of the whole cluster, is reached. */
import { KadmError } from '../errors.ts'
import { formatIp, parseIp } from './ip-address.ts'
import type { InitConfig } from './model.ts'

/** `host:port`, with the brackets that an IPv6 address needs. */
export function hostAndPort(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** This node's own API server. Throws CONFIG_INVALID when its address is none. */
export function localServerUrl({ init }: Pick<InitConfig, 'init'>): string {
  const { advertiseAddress, bindPort } = init.localAPIEndpoint
  const ip = parseIp(advertiseAddress)
  if (ip === undefined) {
    throw new KadmError('CONFIG_INVALID', `localAPIEndpoint.advertiseAddress is "${advertiseAddress}": it must be an IP address`, {
      remedy: ['set localAPIEndpoint.advertiseAddress in the configuration'],
    })
  }
  return `https://${hostAndPort(formatIp(ip), bindPort)}`
}

/** The endpoint that all control planes share, or this node's own when there is none. */
export function sharedServerUrl(config: Pick<InitConfig, 'init' | 'cluster'>): string {
  const endpoint = config.cluster.controlPlaneEndpoint ?? ''
  return endpoint === '' ? localServerUrl(config) : endpointUrl(endpoint, config.init.localAPIEndpoint.bindPort)
}

/** Of a name or address, with the port that it has or else this one. */
export function endpointUrl(endpoint: string, bindPort: number | string): string {
  if (parseIp(endpoint) !== undefined || !endpoint.includes(':')) return `https://${hostAndPort(endpoint, bindPort)}`
  return endpoint.endsWith(':') ? `https://${endpoint}${bindPort}` : `https://${endpoint}`
}
