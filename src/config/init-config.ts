/** Complete, checked documents into the typed configuration that the rest of kadm works with. */
import type { JsonObject } from '../json.ts'
import { durationAt, flagAt, objectsAt, part, textAt, textsAt, toTaint } from './document-fields.ts'
import {
  encryptionAlgorithms,
  type Argument,
  type BootstrapToken,
  type ClusterConfiguration,
  type ControlPlaneComponent,
  type EncryptionAlgorithm,
  type ExternalEtcd,
  type HostPathMount,
  type InitConfiguration,
  type LocalEtcd,
  type NodeRegistration,
  type Timeouts,
} from './model.ts'

export function toInitConfiguration(document: JsonObject): InitConfiguration {
  const endpoint = part(document, 'localAPIEndpoint')
  const directory = textAt(part(document, 'patches'), 'directory')
  return {
    bootstrapTokens: objectsAt(document, 'bootstrapTokens').map(toBootstrapToken),
    dryRun: flagAt(document, 'dryRun'),
    nodeRegistration: toNodeRegistration(part(document, 'nodeRegistration')),
    localAPIEndpoint: { advertiseAddress: textAt(endpoint, 'advertiseAddress'), bindPort: Number(endpoint['bindPort']) },
    ...given('certificateKey', textAt(document, 'certificateKey')),
    skipPhases: textsAt(document, 'skipPhases'),
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
      serviceSubnet: textAt(networking, 'serviceSubnet'),
      ...given('podSubnet', textAt(networking, 'podSubnet')),
      dnsDomain: textAt(networking, 'dnsDomain'),
    },
    kubernetesVersion: textAt(document, 'kubernetesVersion'),
    ciVersion,
    ...given('controlPlaneEndpoint', textAt(document, 'controlPlaneEndpoint')),
    apiServer: { ...toComponent(apiServer), certSANs: textsAt(apiServer, 'certSANs') },
    controllerManager: toComponent(part(document, 'controllerManager')),
    scheduler: toComponent(part(document, 'scheduler')),
    dns: { ...image(dns), disabled: flagAt(dns, 'disabled') },
    proxy: { disabled: flagAt(part(document, 'proxy'), 'disabled') },
    certificatesDir: textAt(document, 'certificatesDir'),
    imageRepository: textAt(document, 'imageRepository'),
    featureGates: Object.fromEntries(Object.entries(part(document, 'featureGates')).map(([name, on]) => [name, on === true])),
    clusterName: textAt(document, 'clusterName'),
    encryptionAlgorithm: toAlgorithm(textAt(document, 'encryptionAlgorithm')),
    certificateValidityPeriod: durationAt(document, 'certificateValidityPeriod'),
    caCertificateValidityPeriod: durationAt(document, 'caCertificateValidityPeriod'),
  }
}

export function toNodeRegistration(document: JsonObject): NodeRegistration {
  const policy = textAt(document, 'imagePullPolicy')
  return {
    name: textAt(document, 'name'),
    criSocket: textAt(document, 'criSocket'),
    taints: objectsAt(document, 'taints').map(toTaint),
    kubeletExtraArgs: objectsAt(document, 'kubeletExtraArgs').map(toArgument),
    ignorePreflightErrors: textsAt(document, 'ignorePreflightErrors'),
    imagePullPolicy: policy === 'Always' || policy === 'Never' ? policy : 'IfNotPresent',
    imagePullSerial: document['imagePullSerial'] !== false,
  }
}

export function toTimeouts(document: JsonObject): Timeouts {
  return {
    controlPlaneComponentHealthCheck: durationAt(document, 'controlPlaneComponentHealthCheck'),
    kubeletHealthCheck: durationAt(document, 'kubeletHealthCheck'),
    kubernetesAPICall: durationAt(document, 'kubernetesAPICall'),
    etcdAPICall: durationAt(document, 'etcdAPICall'),
    tlsBootstrap: durationAt(document, 'tlsBootstrap'),
    discovery: durationAt(document, 'discovery'),
    upgradeManifests: durationAt(document, 'upgradeManifests'),
  }
}

function toBootstrapToken(document: JsonObject): BootstrapToken {
  const expires = textAt(document, 'expires')
  return {
    token: textAt(document, 'token'),
    ...given('description', textAt(document, 'description')),
    ...(document['ttl'] !== undefined && { ttl: durationAt(document, 'ttl') }),
    ...(expires !== '' && { expires: new Date(expires) }),
    usages: textsAt(document, 'usages'),
    groups: textsAt(document, 'groups'),
  }
}

function toEtcd(document: JsonObject): LocalEtcd | ExternalEtcd {
  if (document['external'] !== undefined) {
    const external = part(document, 'external')
    return {
      kind: 'external',
      endpoints: textsAt(external, 'endpoints'),
      httpEndpoints: textsAt(external, 'httpEndpoints'),
      caFile: textAt(external, 'caFile'),
      certFile: textAt(external, 'certFile'),
      keyFile: textAt(external, 'keyFile'),
    }
  }
  const local = part(document, 'local')
  return {
    kind: 'local',
    ...image(local),
    dataDir: textAt(local, 'dataDir'),
    extraArgs: objectsAt(local, 'extraArgs').map(toArgument),
    extraEnvs: objectsAt(local, 'extraEnvs'),
    serverCertSANs: textsAt(local, 'serverCertSANs'),
    peerCertSANs: textsAt(local, 'peerCertSANs'),
  }
}

function toComponent(document: JsonObject): ControlPlaneComponent {
  return {
    extraArgs: objectsAt(document, 'extraArgs').map(toArgument),
    extraVolumes: objectsAt(document, 'extraVolumes').map(toMount),
    extraEnvs: objectsAt(document, 'extraEnvs'),
  }
}

function toArgument(document: JsonObject): Argument {
  return { name: textAt(document, 'name'), value: textAt(document, 'value') }
}

function toMount(document: JsonObject): HostPathMount {
  return {
    name: textAt(document, 'name'),
    hostPath: textAt(document, 'hostPath'),
    mountPath: textAt(document, 'mountPath'),
    readOnly: flagAt(document, 'readOnly'),
    pathType: textAt(document, 'pathType'),
  }
}

function toAlgorithm(name: string): EncryptionAlgorithm {
  return encryptionAlgorithms.find((known) => known === name) ?? 'RSA-2048'
}

function image(document: JsonObject): { readonly imageRepository?: string; readonly imageTag?: string } {
  return { ...given('imageRepository', textAt(document, 'imageRepository')), ...given('imageTag', textAt(document, 'imageTag')) }
}

function given<Name extends string>(name: Name, value: string): Readonly<Partial<Record<Name, string>>> {
  return (value === '' ? {} : { [name]: value }) as Partial<Record<Name, string>>
}
