import type { HostPathMount, InitConfig } from '../../config/model.ts'
import type { Json, JsonObject } from '../../json.ts'
import type { Manifest } from '../manifest.ts'
import { probePort } from './probes.ts'
import { volumeMounts, volumes } from './volumes.ts'

/** What a static Pod manifest depends on besides the configuration. */
export interface HostEnvironment {
  /** `env` entries for proxies, from the environment of kadm on that host. */
  readonly proxyVariables: readonly JsonObject[]
  /** Those of `extraCaDirectories` that exist there. */
  readonly caDirectories: readonly string[]
  /** There is a `ca.crt` of a CA and no `ca.key`: someone else signs. */
  readonly externalCa: boolean
}

export interface StaticPod {
  readonly name: string
  readonly image: string
  /** The arguments; the first word of the command is the name. */
  readonly arguments: readonly string[]
  readonly environment: readonly JsonObject[]
  readonly mounts: readonly HostPathMount[]
  readonly port: number
  readonly requests: { readonly cpu: string; readonly memory?: string }
  readonly probes: { readonly livenessProbe: JsonObject; readonly readinessProbe?: JsonObject; readonly startupProbe: JsonObject }
  readonly annotations?: Readonly<Record<string, string>>
}

/** The Pod around one control-plane component. */
export function staticPod(pod: StaticPod): Manifest {
  const { name, annotations } = pod
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'kube-system',
      labels: { component: name, tier: 'control-plane' },
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: {
      containers: [container(pod)],
      hostNetwork: true,
      // The value of class system-node-critical: a kubelet without an API server does not look it up.
      priority: 2_000_001_000,
      priorityClassName: 'system-node-critical',
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      volumes: volumes(pod.mounts),
    },
    status: {},
  }
}

/** How long the startup probe may last: milliseconds. */
export function startupTimeout(config: InitConfig): number {
  return config.init.timeouts.controlPlaneComponentHealthCheck
}

function container({ name, image, environment, mounts, port, requests, probes, ...pod }: StaticPod): Json {
  return {
    name,
    image,
    imagePullPolicy: 'IfNotPresent',
    command: [name, ...pod.arguments],
    ...(environment.length === 0 ? {} : { env: environment }),
    ports: [{ name: probePort, containerPort: port, protocol: 'TCP' }],
    resources: { requests },
    ...probes,
    volumeMounts: volumeMounts(mounts),
  }
}
