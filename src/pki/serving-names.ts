/** By which names and addresses the API server and etcd are reached. */
import { nthAddress } from '../config/cidr.ts'
import { parseIp } from '../config/ip-address.ts'
import type { InitConfig } from '../config/model.ts'
import { KadmError } from '../errors.ts'
import { altNames, type AltNames } from './alt-names.ts'

/** Node name, the names of Service `kubernetes`, its address, the node's address, the shared endpoint, what the user adds. */
export function apiServerAltNames({ init, cluster }: InitConfig): AltNames {
  const { dnsDomain, serviceSubnet } = cluster.networking
  const serviceAddress = nthAddress(serviceSubnet, 1)
  if (serviceAddress === undefined) throw invalid('networking.serviceSubnet', serviceSubnet, 'a range of addresses with room for a Service')
  return altNames([
    ...nodeNames(init),
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    ...(dnsDomain === '' ? [] : [`kubernetes.default.svc.${dnsDomain}`]),
    serviceAddress,
    advertiseAddress(init),
    ...sharedHost(cluster.controlPlaneEndpoint),
    ...cluster.apiServer.certSANs,
  ])
}

/** Node name, node address and loopback: etcd's own check and its members use all three. */
export function etcdAltNames({ init, cluster }: InitConfig, extra: 'serverCertSANs' | 'peerCertSANs'): AltNames {
  const own = cluster.etcd.kind === 'local' ? cluster.etcd[extra] : []
  return altNames([...nodeNames(init), 'localhost', advertiseAddress(init), '127.0.0.1', '::1', ...own])
}

function nodeNames({ nodeRegistration }: InitConfig['init']): readonly string[] {
  return nodeRegistration.name === '' ? [] : [nodeRegistration.name]
}

function advertiseAddress({ localAPIEndpoint }: InitConfig['init']): string {
  const { advertiseAddress: address } = localAPIEndpoint
  if (parseIp(address) === undefined) throw invalid('localAPIEndpoint.advertiseAddress', address, 'an IP address')
  return address
}

/** The host of `host:port`. */
function sharedHost(endpoint: string | undefined): readonly string[] {
  if (endpoint === undefined || endpoint === '') return []
  if (parseIp(endpoint) !== undefined) return [endpoint]
  return [endpoint.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')]
}

function invalid(field: string, value: string, wanted: string): KadmError {
  return new KadmError('CONFIG_INVALID', `${field} is "${value}": it must be ${wanted}`, { remedy: [`set ${field} in the configuration`] })
}
