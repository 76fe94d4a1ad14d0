/** Complete, checked documents into the typed configuration that the rest of kadm works with. */
import { encryptionAlgorithms } from './cluster-fields.ts'
import { parseDuration } from './durations.ts'
import { part } from './defaults.ts'
import { isObject } from '../json.ts'
import type {
  Argument,
  BootstrapToken,
  ClusterConfiguration,
  ControlPlaneComponent,
  EncryptionAlgorithm,
  ExternalEtcd,
  HostPathMount,
  InitConfiguration,
  JsonObject,
  LocalEtcd,
  NodeRegistration,
  Taint,
  Timeouts,
} from './model.ts'

export function toInitConfiguration(document: JsonObject): InitConfiguration {
  const endpoint = part(document, 'localAPIEndpoint')
  const directory = text(part(document, 'patches'), 'directory')
  return {
    bootstrapTokens: objects(document, 'bootstrapTokens').map(toBootstrapToken),
    dryRun: flag(document, 'dryRun'),
    nodeRegistration: toNodeRegistration(part(document, 'nodeRegistration')),
    localAPIEndpoint: { advertiseAddress: text(endpoint, 'advertiseAddress'), bindPort: Number(endpoint['bindPort']) },
    ...given('certificateKey', text(document, 'certificateKey')),
    skipPhases: texts(document, 'skipPhases'),
    ...(directory !== '' && { patches: { directory } }),
    timeouts: toTimeouts(part(document, 'timeouts')),
  }
}

export function toClusterConfiguration(document: JsonObject, ciVersion: boolean): ClusterConfiguration {
  const networking = part(document, 'networking')
  const dns = part(document, 'dns')
  const apiServer = part(document, 'apiServer')
  return {
    etcd: toEtcd(part(document, 'etcd')),
    networking: {
      serviceSubnet: text(networking, 'serviceSubnet'),
      ...given('podSubnet', text(networking, 'podSubnet')),
      dnsDomain: text(networking, 'dnsDomain'),
    },
    kubernetesVersion: text(document, 'kubernetesVersion'),
    ciVersion,
    ...given('controlPlaneEndpoint', text(document, 'controlPlaneEndpoint')),
    apiServer: { ...toComponent(apiServer), certSANs: texts(apiServer, 'certSANs') },
    controllerManager: toComponent(part(document, 'controllerManager')),
    scheduler: toComponent(part(document, 'scheduler')),
    dns: { ...image(dns), disabled: flag(dns, 'disabled') },
    proxy: { disabled: flag(part(document, 'proxy'), 'disabled') },
    certificatesDir: text(document, 'certificatesDir'),
    imageRepository: text(document, 'imageRepository'),
    featureGates: Object.fromEntries(Object.entries(part(document, 'featureGates')).map(([name, on]) => [name, on === true])),
    clusterName: text(document, 'clusterName'),
    encryptionAlgorithm: toAlgorithm(text(document, 'encryptionAlgorithm')),
    certificateValidityPeriod: duration(document, 'certificateValidityPeriod'),
    caCertificateValidityPeriod: duration(document, 'caCertificateValidityPeriod'),
  }
}

export function toNodeRegistration(document: JsonObject): NodeRegistration {
  const policy = text(document, 'imagePullPolicy')
  return {
    name: text(document, 'name'),
    criSocket: text(document, 'criSocket'),
    taints: objects(document, 'taints').map(toTaint),
    kubeletExtraArgs: objects(document, 'kubeletExtraArgs').map(toArgument),
    ignorePreflightErrors: texts(document, 'ignorePreflightErrors'),
    imagePullPolicy: policy === 'Always' || policy === 'Never' ? policy : 'IfNotPresent',
    imagePullSerial: document['imagePullSerial'] !== false,
  }
}

export function toTimeouts(document: JsonObject): Timeouts {
  return {
    controlPlaneComponentHealthCheck: duration(document, 'controlPlaneComponentHealthCheck'),
    kubeletHealthCheck: duration(document, 'kubeletHealthCheck'),
    kubernetesAPICall: duration(document, 'kubernetesAPICall'),
    etcdAPICall: duration(document, 'etcdAPICall'),
    tlsBootstrap: duration(document, 'tlsBootstrap'),
    discovery: duration(document, 'discovery'),
    upgradeManifests: duration(document, 'upgradeManifests'),
  }
}

function toBootstrapToken(document: JsonObject): BootstrapToken {
  const expires = text(document, 'expires')
  return {
    token: text(document, 'token'),
    ...given('description', text(document, 'description')),
    ...(document['ttl'] !== undefined && { ttl: duration(document, 'ttl') }),
    ...(expires !== '' && { expires: new Date(expires) }),
    usages: texts(document, 'usages'),
    groups: texts(document, 'groups'),
  }
}

function toEtcd(document: JsonObject): LocalEtcd | ExternalEtcd {
  if (document['external'] !== undefined) {
    const external = part(document, 'external')
    return {
      kind: 'external',
      endpoints: texts(external, 'endpoints'),
      httpEndpoints: texts(external, 'httpEndpoints'),
      caFile: text(external, 'caFile'),
      certFile: text(external, 'certFile'),
      keyFile: text(external, 'keyFile'),
    }
  }
  const local = part(document, 'local')
  return {
    kind: 'local',
    ...image(local),
    dataDir: text(local, 'dataDir'),
    extraArgs: objects(local, 'extraArgs').map(toArgument),
    extraEnvs: objects(local, 'extraEnvs'),
    serverCertSANs: texts(local, 'serverCertSANs'),
    peerCertSANs: texts(local, 'peerCertSANs'),
  }
}

function toComponent(document: JsonObject): ControlPlaneComponent {
  return {
    extraArgs: objects(document, 'extraArgs').map(toArgument),
    extraVolumes: objects(document, 'extraVolumes').map(toMount),
    extraEnvs: objects(document, 'extraEnvs'),
  }
}

function toArgument(document: JsonObject): Argument {
  return { name: text(document, 'name'), value: text(document, 'value') }
}

function toMount(document: JsonObject): HostPathMount {
  return {
    name: text(document, 'name'),
    hostPath: text(document, 'hostPath'),
    mountPath: text(document, 'mountPath'),
    readOnly: flag(document, 'readOnly'),
    pathType: text(document, 'pathType'),
  }
}

function toTaint(document: JsonObject): Taint {
  return { key: text(document, 'key'), ...given('value', text(document, 'value')), effect: text(document, 'effect') }
}

function toAlgorithm(name: string): EncryptionAlgorithm {
  return encryptionAlgorithms.find((known) => known === name) ?? 'RSA-2048'
}

function image(document: JsonObject): { readonly imageRepository?: string; readonly imageTag?: string } {
  return { ...given('imageRepository', text(document, 'imageRepository')), ...given('imageTag', text(document, 'imageTag')) }
}

function given<Name extends string>(name: Name, value: string): Readonly<Partial<Record<Name, string>>> {
  return (value === '' ? {} : { [name]: value }) as Partial<Record<Name, string>>
}

function text(document: JsonObject, name: string): string {
  const value = document[name]
  return typeof value === 'string' ? value : ''
}

function flag(document: JsonObject, name: string): boolean {
  return document[name] === true
}

function duration(document: JsonObject, name: string): number {
  return parseDuration(text(document, name)) ?? 0
}

function texts(document: JsonObject, name: string): readonly string[] {
  const value = document[name]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function objects(document: JsonObject, name: string): readonly JsonObject[] {
  const value = document[name]
  return Array.isArray(value) ? value.filter((item) => isObject(item)).map((item) => item as JsonObject) : []
}
