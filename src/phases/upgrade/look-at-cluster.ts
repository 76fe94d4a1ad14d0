/** What `upgrade plan` and `upgrade diff` are asked with, and the cluster as they see it: both only look. */
import type { Cluster } from '../../cluster/cluster.ts'
import type { GivenFlags } from '../../config/flags.ts'
import type { InitConfig, NodeRegistration, Timeouts } from '../../config/model.ts'
import type { Host } from '../../host/host.ts'
import { connectWithKubeconfig } from '../../pki/kubeconfig/kubeconfig-cluster.ts'
import { readClusterConfig } from './cluster-config.ts'

export interface LookRequest {
  /** Path of a configuration file on the host. */
  readonly file: string | undefined
  /** Those of the configuration that the user gave. */
  readonly flags: GivenFlags
  /** The argument. */
  readonly version: string | undefined
  /** Path of the kubeconfig on the host. */
  readonly kubeconfig: string
  readonly signal: AbortSignal
  readonly say: (line: string) => void
  readonly warn: (line: string) => void
}

export interface LookOptions {
  readonly timeouts: Timeouts
  readonly ignorePreflightErrors: NodeRegistration['ignorePreflightErrors']
  /** Lines that say what comes, once the kubeconfig is read. */
  readonly saysFirst: readonly string[]
}

/**
 * Reads the configuration of the cluster and of this node. The cluster is closed after `work`. Throws KUBECONFIG_INVALID, CONFIG_INVALID,
 * API_REFUSED, API_UNREACHABLE.
 */
export async function lookAtCluster<T>(
  host: Host,
  { kubeconfig, signal, say, warn }: LookRequest,
  { timeouts, ignorePreflightErrors, saysFirst }: LookOptions,
  work: (cluster: Cluster, config: InitConfig) => Promise<T>,
): Promise<T> {
  const cluster = await connectWithKubeconfig(host, kubeconfig, { signal })
  try {
    saysFirst.forEach(say)
    const node = { ignorePreflightErrors, imagePullPolicy: 'IfNotPresent', imagePullSerial: true } as const
    return await work(cluster, await readClusterConfig(cluster, { host, timeouts, signal, warn, patches: undefined, node }))
  } finally {
    await cluster.close()
  }
}

/** With its v, as the configuration of a cluster has it. */
export function atVersion(config: InitConfig, kubernetesVersion: string): InitConfig {
  const version = kubernetesVersion.startsWith('v') ? kubernetesVersion : `v${kubernetesVersion}`
  return { ...config, cluster: { ...config.cluster, kubernetesVersion: version, ciVersion: false } }
}
