/** Rules between the fields of a document. Source of the limits: kubeadm 1.37 and the flags of the components. */
import { clip, tokenProblems } from './checks.ts'
import { splitHostPort } from './endpoint.ts'
import { formatCidr, parseCidrs, type Cidr } from './cidr.ts'
import { isEmpty } from './defaults.ts'
import { objectsAt, part, textAt, textsAt } from './document-fields.ts'
import type { Problem } from './decode.ts'
import { isObject, type Json, type JsonObject } from '../json.ts'
import { urlProblems } from './fields/etcd-fields.ts'
import type { KindName } from './kinds.ts'
import { urlScheme } from './url-scheme.ts'

export const rules: Readonly<Record<KindName, (document: JsonObject) => readonly Problem[]>> = {
  InitConfiguration: (document) => [...nodeName(document), ...bootstrapTokens(document)],
  ClusterConfiguration: (document) => [...etcd(part(document, 'etcd')), ...nodeMasks(document)],
  JoinConfiguration: (document) => [...nodeName(document), ...discovery(part(document, 'discovery'))],
  ResetConfiguration: () => [],
  UpgradeConfiguration: () => [],
}

/** The value of a component's flag: the last one counts. */
export function argumentValue(component: JsonObject, name: string): string {
  const found = objectsAt(component, 'extraArgs').findLast((item) => item['name'] === name)
  return found === undefined ? '' : textAt(found, 'value')
}

function nodeName(document: JsonObject): readonly Problem[] {
  return isEmpty(part(document, 'nodeRegistration')['name'])
    ? [{ path: 'nodeRegistration', text: 'has no name, and the host has none: set nodeRegistration.name' }]
    : []
}

const groupPattern = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/

function bootstrapTokens(document: JsonObject): readonly Problem[] {
  const tokens = document['bootstrapTokens']
  return (Array.isArray(tokens) ? tokens : []).flatMap((token: Json, index): Problem[] => {
    if (!isObject(token)) return []
    const path = `bootstrapTokens.${index}`
    const usages = textsAt(token, 'usages')
    const groups = textsAt(token, 'groups')
    const badUsages = usages.filter((usage) => usage !== 'signing' && usage !== 'authentication')
    const badGroups = groups.filter((group) => !groupPattern.test(group))
    return [
      ...badUsages.map((usage) => ({ path: `${path}.usages`, text: `"${clip(usage)}" is not one of signing, authentication` })),
      ...(groups.length > 0 && !usages.includes('authentication')
        ? [{ path: `${path}.groups`, text: 'need the usage "authentication"' }]
        : []),
      ...badGroups.map((group) => ({
        path: `${path}.groups`,
        text: `"${clip(group)}" is not a group such as system:bootstrappers:kubeadm:default-node-token`,
      })),
      ...(token['ttl'] !== undefined && token['expires'] !== undefined
        ? [{ path, text: 'ttl and expires exclude each other, and ttl has a default: use ttl' }]
        : []),
    ]
  })
}

function etcd(document: JsonObject): readonly Problem[] {
  if (document['local'] !== undefined && document['external'] !== undefined)
    return [{ path: 'etcd', text: 'local and external exclude each other' }]
  if (document['external'] === undefined) return []
  const external = part(document, 'external')
  const [ca, cert, key] = ['caFile', 'certFile', 'keyFile'].map((name) => !isEmpty(external[name]))
  const endpoints = textsAt(external, 'endpoints')
  const at = (name: string, text: string): Problem => ({ path: name === '' ? 'etcd.external' : `etcd.external.${name}`, text })
  return [
    ...(cert !== key ? [at('', 'certFile and keyFile go together')] : []),
    ...(cert === true && key === true && ca !== true ? [at('', 'certFile and keyFile need a caFile')] : []),
    ...(endpoints.length === 0 ? [at('endpoints', 'needs at least one URL')] : []),
    ...urlProblems(endpoints, ca === true || cert === true || key === true).map((text) => at('endpoints', text)),
  ]
}

/** The part of the Pod range that each node gets must fit, at most 65,536 times: the controller manager keeps a bitmap of them. */
function nodeMasks(document: JsonObject): readonly Problem[] {
  const podSubnet = part(document, 'networking')['podSubnet']
  const controllerManager = part(document, 'controllerManager')
  if (typeof podSubnet !== 'string' || podSubnet === '' || argumentValue(controllerManager, 'allocate-node-cidrs') === 'false') return []
  return (parseCidrs(podSubnet) ?? []).flatMap((cidr) =>
    nodeMask(cidr, controllerManager).map((text) => ({ path: 'networking.podSubnet', text })),
  )
}

function nodeMask(cidr: Cidr, controllerManager: JsonObject): readonly string[] {
  const family = cidr.network.family
  const flag = `node-cidr-mask-size-ipv${family}`
  const given = argumentValue(controllerManager, flag)
  if (given !== '' && !/^[-+]?\d+$/.test(given)) return [`controllerManager.extraArgs: "${clip(given)}" for ${flag} is not a number`]
  const mask = given === '' ? (family === 4 ? 24 : 64) : Number(given)
  if (cidr.prefixLength > mask) return [`${formatCidr(cidr)} is smaller than the /${mask} that each node gets of it`]
  return mask - cidr.prefixLength > 16
    ? [`${formatCidr(cidr)} is more than 16 bits larger than the /${mask} that each node gets of it`]
    : []
}

function discovery(document: JsonObject): readonly Problem[] {
  const byToken = document['bootstrapToken'] !== undefined
  const byFile = document['file'] !== undefined
  const tlsToken = String(document['tlsBootstrapToken'] ?? '')
  return [
    ...(byToken === byFile
      ? [{ path: 'discovery', text: byToken ? 'bootstrapToken and file exclude each other' : 'needs bootstrapToken or file' }]
      : []),
    ...(byToken ? tokenDiscovery(part(document, 'bootstrapToken')) : []),
    ...(byToken || tlsToken !== '' ? tokenProblems(tlsToken).map((text) => ({ path: 'discovery.tlsBootstrapToken', text })) : []),
    ...(byFile ? fileDiscovery(String(part(document, 'file')['kubeConfigPath'] ?? '')) : []),
  ]
}

function tokenDiscovery(document: JsonObject): readonly Problem[] {
  const endpoint = String(document['apiServerEndpoint'] ?? '')
  const path = 'discovery.bootstrapToken'
  return [
    ...(endpoint === '' ? [{ path, text: 'needs an apiServerEndpoint such as 192.168.0.10:6443' }] : []),
    ...(splitHostPort(endpoint) === undefined ? [{ path: `${path}.apiServerEndpoint`, text: `"${clip(endpoint)}" is not host:port` }] : []),
    ...(isEmpty(document['caCertHashes']) && document['unsafeSkipCAVerification'] !== true
      ? [{ path: `${path}.caCertHashes`, text: 'needs the hash of the CA key, or unsafeSkipCAVerification: true' }]
      : []),
  ]
}

/** That a file is there is looked at with the host. */
function fileDiscovery(file: string): readonly Problem[] {
  const path = 'discovery.file.kubeConfigPath'
  const scheme = urlScheme(file)
  if (scheme === undefined) return [{ path, text: `"${clip(file)}" is neither a file nor an https:// URL` }]
  return scheme === '' || scheme === 'https' ? [] : [{ path, text: `"${clip(file)}" must be https` }]
}
