/** The configuration that renewal and expiration go by: from a file, from the cluster as far as it answers, or kadm's defaults. */
import type { KubernetesObject } from '../cluster/cluster.ts'
import { configMapText, getConfigMap } from '../cluster/stored-config-map.ts'
import { loadInitConfig } from '../config/load/load-init.ts'
import type { InitConfig } from '../config/model.ts'
import { newestKubernetes } from '../config/own-version.ts'
import { storedClusterConfiguration } from '../config/stored-config.ts'
import { KadmError, messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { connectWithKubeconfig } from './kubeconfig/kubeconfig-cluster.ts'

export interface CertificatesConfigOptions {
  readonly host: Host
  /** Path of a configuration file; then the other two do not count. */
  readonly file: string | undefined
  readonly certificatesDir: string
  readonly kubeconfig: string
  readonly say: (line: string) => void
  readonly warn: (line: string) => void
  readonly signal: AbortSignal
}

/**
 * Certificates must be renewable while the cluster is down. So a cluster that does not answer within 5 s is done without, with a warning:
 * then kadm's defaults count, among them RSA-2048, a year, and local etcd. Throws CONFIG_UNREADABLE, CONFIG_SYNTAX, CONFIG_INVALID for the
 * file.
 */
export async function loadCertificatesConfig(options: CertificatesConfigOptions): Promise<Pick<InitConfig, 'cluster'>> {
  const { file, certificatesDir, host, warn } = options
  const stored = file === undefined ? await configOfCluster(options) : undefined
  if (stored !== undefined) return { cluster: { ...stored.cluster, certificatesDir } }
  const flags = file === undefined ? { 'cert-dir': certificatesDir, 'kubernetes-version': newestKubernetes } : {}
  const { config, warnings } = await loadInitConfig({ ...(file !== undefined && { file }), flags, host, needs: { criSocket: false } })
  if (file !== undefined) warnings.forEach(warn)
  return config
}

/** Milliseconds. */
const apiPatience = 5000

async function configOfCluster({
  host,
  kubeconfig,
  say,
  warn,
  signal,
}: CertificatesConfigOptions): Promise<Pick<InitConfig, 'cluster'> | undefined> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(apiPatience)])
  const cluster = await connectWithKubeconfig(host, kubeconfig, { signal: limit }).catch(async (error: unknown) => {
    if ((await host.stat(kubeconfig)) !== undefined)
      warn(`${messageOf(error)}: going by the defaults. Give --config if the cluster has others`)
    return undefined
  })
  if (cluster === undefined) return undefined
  try {
    say('Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...')
    say("Use 'kadm init phase upload-config kubeadm --config your-config-file' to re-upload it.")
    const object = await getConfigMap(cluster, 'kubeadm-config')
    const { cluster: configuration, warnings } = storedClusterConfiguration(clusterConfigurationIn(object))
    warnings.forEach(warn)
    return { cluster: configuration }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof KadmError) && !limit.aborted) throw error
    say('Error reading configuration from the Cluster. Falling back to default configuration')
    warn(
      `the configuration of the cluster cannot be read: ${limit.aborted ? `no answer within ${apiPatience / 1000} s` : messageOf(error)}: going by the defaults. Give --config if the cluster has others`,
    )
    return undefined
  } finally {
    await cluster.close()
  }
}

function clusterConfigurationIn(object: KubernetesObject | undefined): string {
  const text = configMapText(object, 'ClusterConfiguration')
  if (text !== undefined) return text
  throw new KadmError('CONFIG_INVALID', 'the ConfigMap kube-system/kubeadm-config has no ClusterConfiguration', {
    remedy: ['kadm init phase upload-config kubeadm --config FILE'],
  })
}
