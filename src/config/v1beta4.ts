/** The typed configuration back into documents of kubeadm.k8s.io/v1beta4. */
import type { Json, JsonObject } from '../json.ts'
import { formatDuration } from './durations.ts'
import type { ClusterConfiguration, ControlPlaneComponent, ExternalEtcd, InitConfiguration, LocalEtcd, Timeouts } from './model.ts'
import { printedDocument } from './print.ts'

/** As the ConfigMap `kubeadm-config` holds it. */
export function clusterConfigurationDocument(cluster: ClusterConfiguration): JsonObject {
  const { etcd, networking, apiServer } = cluster
  return printedDocument('ClusterConfiguration', {
    etcd: etcd.kind === 'local' ? { local: localEtcd(etcd) } : { external: externalEtcd(etcd) },
    networking: json(networking),
    kubernetesVersion: `${cluster.ciVersion ? 'ci/' : ''}${cluster.kubernetesVersion}`,
    controlPlaneEndpoint: cluster.controlPlaneEndpoint ?? '',
    apiServer: { ...component(apiServer), certSANs: apiServer.certSANs },
    controllerManager: component(cluster.controllerManager),
    scheduler: component(cluster.scheduler),
    dns: json(cluster.dns),
    proxy: json(cluster.proxy),
    certificatesDir: cluster.certificatesDir,
    imageRepository: cluster.imageRepository,
    featureGates: cluster.featureGates,
    clusterName: cluster.clusterName,
    encryptionAlgorithm: cluster.encryptionAlgorithm,
    certificateValidityPeriod: formatDuration(cluster.certificateValidityPeriod),
    caCertificateValidityPeriod: formatDuration(cluster.caCertificateValidityPeriod),
  })
}

/** As `config migrate` prints it. Holds the bootstrap tokens. */
export function initConfigurationDocument(init: InitConfiguration): JsonObject {
  return printedDocument('InitConfiguration', {
    bootstrapTokens: init.bootstrapTokens.map(({ token, description, ttl, expires, usages, groups }) => ({
      token,
      description: description ?? '',
      ...(ttl !== undefined && { ttl: formatDuration(ttl) }),
      ...(expires !== undefined && { expires: expires.toISOString().replace(/\.000Z$/, 'Z') }),
      usages,
      groups,
    })),
    dryRun: init.dryRun,
    nodeRegistration: json(init.nodeRegistration),
    localAPIEndpoint: json(init.localAPIEndpoint),
    certificateKey: init.certificateKey ?? '',
    skipPhases: init.skipPhases,
    ...(init.patches !== undefined && { patches: init.patches }),
    timeouts: timeouts(init.timeouts),
  })
}

function component({ extraArgs, extraVolumes, extraEnvs }: ControlPlaneComponent): JsonObject {
  return { extraArgs: json(extraArgs), extraVolumes: json(extraVolumes), extraEnvs }
}

function localEtcd({ kind: _kind, ...etcd }: LocalEtcd): Json {
  return json(etcd)
}

function externalEtcd({ kind: _kind, ...etcd }: ExternalEtcd): Json {
  return json(etcd)
}

function timeouts(all: Timeouts): Json {
  return Object.fromEntries(Object.entries(all).map(([name, milliseconds]: [string, number]) => [name, formatDuration(milliseconds)]))
}

/** The shapes of the model are JSON already, but for the words of their types. */
function json(value: object): Json {
  return value as Json
}
