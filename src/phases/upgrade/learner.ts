/** Asks each thing about the cluster once, when the first phase needs it, and keeps the connection for the rest. */
import type { Cluster } from '../../cluster/cluster.ts'
import { recordingCluster, type RecordingCluster } from '../../cluster/recording-cluster.ts'
import { invalid } from '../../config/documents.ts'
import { resolveKubernetesVersion, type FetchVersion } from '../../config/kubernetes-version.ts'
import type { InitConfig } from '../../config/model.ts'
import { releaseServer } from '../../config/release-server.ts'
import type { UpgradeWorkConfig } from '../../config/upgrade-config.ts'
import type { Host } from '../../host/host.ts'
import { connectWithKubeconfig } from '../../pki/kubeconfig-cluster.ts'
import { readClusterConfig } from './cluster-config.ts'
import type { UpgradeLearner } from './upgrade-run.ts'

export interface UpgradeLearnerOptions {
  readonly host: Host
  readonly upgrade: UpgradeWorkConfig
  /** A version or a label; the cluster's own version when not given. */
  readonly target: string | undefined
  /** Path on the host. */
  readonly kubeconfig: string
  readonly signal: AbortSignal
  readonly say: (line: string) => void
  readonly warn: (line: string) => void
}

export interface OpenUpgradeLearner extends UpgradeLearner {
  /** The calls that would have changed something, on a host that only records. */
  readonly recorded: () => RecordingCluster
  readonly close: () => Promise<void>
}

/** Nothing is asked before the first call. Throws KUBECONFIG_INVALID, CONFIG_INVALID, API_REFUSED, API_UNREACHABLE. */
export function openUpgradeLearner({ host, upgrade, target, kubeconfig, signal, say, warn }: UpgradeLearnerOptions): OpenUpgradeLearner {
  let opened: Promise<Cluster> | undefined
  let recorded: RecordingCluster | undefined
  let learned: Promise<InitConfig> | undefined

  const open = async (): Promise<Cluster> => {
    const cluster = await connectWithKubeconfig(host, kubeconfig, { signal })
    if (host.recording === undefined) return cluster
    recorded = recordingCluster(cluster)
    return recorded
  }
  const cluster = (): Promise<Cluster> => (opened ??= open())
  const learn = async (): Promise<InitConfig> => {
    const version = target === undefined ? undefined : await versionOf(target, releaseServer(host, { signal }), warn)
    say('[upgrade] Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...')
    const { timeouts, patches } = upgrade
    const found = await readClusterConfig(await cluster(), { host, timeouts, signal, warn, patches, node: upgrade })
    return version === undefined ? found : { ...found, cluster: { ...found.cluster, ...version } }
  }
  return {
    cluster,
    config: () => (learned ??= learn()),
    recorded: () => recorded ?? recordingCluster(undefined),
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
