/** Asks each thing about the cluster once, when the first phase needs it, and keeps the connection for the rest. */
import type { Cluster } from '../../cluster/cluster.ts'
import { invalid } from '../../config/documents.ts'
import { resolveKubernetesVersion, type FetchVersion } from '../../config/kubernetes-version.ts'
import type { InitConfig } from '../../config/model.ts'
import { releaseServer } from '../../config/release-server.ts'
import type { UpgradeWorkConfig } from '../../config/upgrade-config.ts'
import type { Host } from '../../host/host.ts'
import { clusterDoor, type ClusterDoor } from '../cluster-door.ts'
import { readClusterConfig } from './cluster-config.ts'
import type { UpgradeSource } from './upgrade-run.ts'

export interface UpgradeSourceOptions {
  readonly host: Host
  readonly upgrade: UpgradeWorkConfig
  /** A version or a label; the cluster's own version when not given. */
  readonly target: string | undefined
  /** Path on the host. */
  readonly kubeconfig: string
  /** In place of the kubeconfig; whose it is closes it. */
  readonly sponsor: (() => Promise<Cluster>) | undefined
  readonly signal: AbortSignal
  readonly say: (line: string) => void
  readonly warn: (line: string) => void
}

export interface OpenUpgradeSource extends UpgradeSource, Pick<ClusterDoor, 'recorded'> {
  readonly close: () => Promise<void>
}

/** Nothing is asked before the first call. Throws KUBECONFIG_INVALID, CONFIG_INVALID, API_REFUSED, API_UNREACHABLE. */
export function openUpgradeSource(options: UpgradeSourceOptions): OpenUpgradeSource {
  const { host, upgrade, target, kubeconfig, sponsor, signal, say, warn } = options
  const door = clusterDoor(host, kubeconfig, signal)
  let opened: Promise<Cluster> | undefined
  let config: Promise<InitConfig> | undefined

  const cluster = sponsor ?? ((): Promise<Cluster> => (opened ??= door.open()))
  const readConfig = async (): Promise<InitConfig> => {
    const version = target === undefined ? undefined : await versionOf(target, releaseServer(host, { signal }), warn)
    say('[upgrade] Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...')
    const { timeouts, patches } = upgrade
    const found = await readClusterConfig(await cluster(), { host, timeouts, signal, warn, patches, node: upgrade })
    return version === undefined ? found : { ...found, cluster: { ...found.cluster, ...version } }
  }
  return {
    cluster,
    config: () => (config ??= readConfig()),
    recorded: door.recorded,
    close: async () => {
      await (await opened?.catch(() => undefined))?.close()
    },
  }
}

async function versionOf(
  target: string,
  fetchVersion: FetchVersion,
  warn: (line: string) => void,
): Promise<Pick<InitConfig['cluster'], 'kubernetesVersion' | 'ciVersion'>> {
  const { version, ci, warnings, problems } = await resolveKubernetesVersion(target, fetchVersion)
  warnings.forEach(warn)
  const [problem] = problems
  if (problem !== undefined) throw invalid(problem, ['see "kadm upgrade plan" for versions that the cluster can go to'])
  return { kubernetesVersion: version, ciVersion: ci }
}
