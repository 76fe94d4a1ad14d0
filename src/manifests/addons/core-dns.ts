import { nthAddress } from '../../config/cidr.ts'
import type { InitConfig } from '../../config/model.ts'
import { KadmError } from '../../errors.ts'
import type { JsonObject } from '../../json.ts'
import { accessObjects, accessRules } from '../access-rules.ts'
import { configMap } from '../config-map.ts'
import { coreDnsImage } from '../images.ts'
import type { Manifest } from '../manifest.ts'
import { controlPlaneTaint } from '../node-labels.ts'
import { applyPatches } from '../patches.ts'
import type { AddonWork } from './addon-work.ts'
import { defaultCorefile } from './corefile.ts'

export interface CoreDnsObjects {
  readonly configMap: Manifest
  readonly access: readonly Manifest[]
  readonly serviceAccount: Manifest
  readonly deployment: Manifest
  readonly service: Manifest
}

/** The objects of CoreDNS in the order in which kubeadm applies them, the Deployment with the user's patches. Throws PATCH_INVALID. */
export async function coreDnsObjects(work: AddonWork): Promise<Manifest[]> {
  const parts = await coreDnsParts(work)
  return [parts.configMap, ...parts.access, parts.serviceAccount, parts.deployment, parts.service]
}

/** The same, by name. `replicas`: an existing Deployment keeps its number. */
export async function coreDnsParts({ config, host, say }: AddonWork, replicas = 2): Promise<CoreDnsObjects> {
  const directory = config.init.patches?.directory
  const plain = deployment(config, replicas)
  return {
    configMap: configMap('coredns', { Corefile: defaultCorefile(config.cluster.networking.dnsDomain) }, { namespace: 'kube-system' }),
    access: accessObjects(accessRules.coreDns),
    serviceAccount: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'coredns', namespace: 'kube-system' } },
    deployment: directory === undefined ? plain : await applyPatches('corednsdeployment', plain, { directory, host, say }),
    service: service(config),
  }
}

const labels = { 'k8s-app': 'kube-dns' }

function service({ cluster }: InitConfig): Manifest {
  const { serviceSubnet } = cluster.networking
  const clusterIP = nthAddress(serviceSubnet, 10)
  if (clusterIP === undefined) {
    throw new KadmError('CONFIG_INVALID', `networking.serviceSubnet "${serviceSubnet}" has no tenth address for DNS`, {
      remedy: ['give networking.serviceSubnet a range such as 10.96.0.0/12'],
    })
  }
  const port = (name: string, number: number, protocol: string) => ({ name, port: number, protocol, targetPort: number })
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'kube-dns',
      namespace: 'kube-system',
      labels: { ...labels, 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
      annotations: { 'prometheus.io/port': '9153', 'prometheus.io/scrape': 'true' },
      // A Service can only be replaced with a version given; 0 replaces whatever there is.
      resourceVersion: '0',
    },
    spec: { clusterIP, ports: [port('dns', 53, 'UDP'), port('dns-tcp', 53, 'TCP'), port('metrics', 9153, 'TCP')], selector: labels },
  }
}

function deployment(config: InitConfig, replicas: number): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'coredns', namespace: 'kube-system', labels },
    spec: {
      replicas,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpec(coreDnsImage(config.cluster)) },
    },
  }
}

function podSpec(image: string): JsonObject {
  return {
    priorityClassName: 'system-cluster-critical',
    serviceAccountName: 'coredns',
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 100,
            podAffinityTerm: {
              labelSelector: { matchExpressions: [{ key: 'k8s-app', operator: 'In', values: ['kube-dns'] }] },
              topologyKey: 'kubernetes.io/hostname',
            },
          },
        ],
      },
    },
    tolerations: [
      { key: 'CriticalAddonsOnly', operator: 'Exists' },
      { key: controlPlaneTaint, effect: 'NoSchedule' },
    ],
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    containers: [container(image)],
    dnsPolicy: 'Default',
    volumes: [{ name: 'config-volume', configMap: { name: 'coredns', items: [{ key: 'Corefile', path: 'Corefile' }] } }],
  }
}

function container(image: string): JsonObject {
  const port = (name: string, containerPort: number, protocol = 'TCP') => ({ containerPort, name, protocol })
  return {
    name: 'coredns',
    image,
    imagePullPolicy: 'IfNotPresent',
    resources: { limits: { memory: '170Mi' }, requests: { cpu: '100m', memory: '70Mi' } },
    args: ['-conf', '/etc/coredns/Corefile'],
    volumeMounts: [{ name: 'config-volume', mountPath: '/etc/coredns', readOnly: true }],
    ports: [
      port('dns', 53, 'UDP'),
      port('dns-tcp', 53),
      port('metrics', 9153),
      port('liveness-probe', 8080),
      port('readiness-probe', 8181),
    ],
    livenessProbe: {
      httpGet: { path: '/health', port: 'liveness-probe', scheme: 'HTTP' },
      initialDelaySeconds: 60,
      timeoutSeconds: 5,
      successThreshold: 1,
      failureThreshold: 5,
    },
    readinessProbe: { httpGet: { path: '/ready', port: 'readiness-probe', scheme: 'HTTP' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    },
  }
}
