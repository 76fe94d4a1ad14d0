/** What an upgrade would change in a cluster: for each version that it could go to, every part with its version now and then. */
import type { Cluster } from '../../cluster/cluster.ts'
import { kinds } from '../../cluster/kinds.ts'
import { componentVersions, coreDnsVersion, kubeletVersions, type NodesByVersion } from '../../cluster/running-versions.ts'
import { componentKinds, kubeProxyKind } from '../../config/component-config.ts'
import { kadmVersion, newestKubernetes } from '../../config/own-version.ts'
import { compareVersions, etcdTag, versionTable } from '../../config/versions.ts'
import { KadmError } from '../../errors.ts'
import { controlPlaneComponents } from '../../manifests/write-static-pod.ts'
import { availableVersions, type AvailableVersion, type AvailableVersionsOptions } from './available-versions.ts'

/** The shape is that of `UpgradePlan` in output.kubeadm.k8s.io/v1alpha3. */
export interface UpgradePlan {
  readonly availableUpgrades: readonly AvailableUpgrade[]
  readonly configVersions: readonly ConfigVersion[]
}

export interface AvailableUpgrade {
  readonly description: string
  readonly components: readonly ComponentUpgrade[]
}

export interface ComponentUpgrade {
  readonly name: string
  readonly currentVersion: string
  readonly newVersion: string
  /** Absent for what does not run on one node. */
  readonly nodeName?: string
}

export interface ConfigVersion {
  readonly group: string
  /** '' where the cluster has none. */
  readonly currentVersion: string
  readonly preferredVersion: string
  readonly manualUpgradeRequired: boolean
}

export interface UpgradePlanOptions extends Omit<AvailableVersionsOptions, 'cluster' | 'own'> {
  readonly cluster: Pick<Cluster, 'get' | 'list'>
  readonly etcdUpgrade: boolean
}

/** Throws API_REFUSED, API_UNREACHABLE. */
export async function makeUpgradePlan({ cluster, etcdUpgrade, ...options }: UpgradePlanOptions): Promise<UpgradePlan> {
  const { say } = options
  say('[upgrade] Fetching available versions to upgrade to')
  const [before, configVersions] = await Promise.all([stateOf(cluster), configVersionsOf(cluster)])
  if (before.apiServers.size > 1) {
    const each = [...before.apiServers].map(([version, nodes]) => `${version} on ${nodes.join(', ')}`)
    options.warn(`API servers of different versions: ${each.join('; ')}; bring them to the same version first`)
  }
  say(`[upgrade/versions] Cluster version: ${withoutV(before.version)}`)
  say(`[upgrade/versions] kadm ${kadmVersion} knows Kubernetes up to: ${newestKubernetes}`)
  const available = await availableVersions({ ...options, cluster: before.version })
  return { availableUpgrades: available.map((to) => availableUpgrade(before, to, etcdUpgrade)), configVersions }
}

interface ClusterState {
  /** The newest of the API servers. */
  readonly version: string
  readonly apiServers: NodesByVersion
  /** Row by row. */
  readonly controlPlane: readonly (readonly [name: string, versions: NodesByVersion])[]
  readonly etcd: NodesByVersion
  readonly kubelets: NodesByVersion
  readonly coreDns: string | undefined
}

async function stateOf(cluster: Pick<Cluster, 'list'>): Promise<ClusterState> {
  const of = async (name: string): Promise<readonly [string, NodesByVersion]> => [name, await componentVersions(cluster, name)]
  const [components, [, etcd], kubelets, coreDns] = await Promise.all([
    Promise.all(controlPlaneComponents.map(of)),
    of('etcd'),
    kubeletVersions(cluster),
    coreDnsVersion(cluster),
  ])
  const apiServers: NodesByVersion = components[0]?.[1] ?? new Map()
  const [version] = [...apiServers.keys()].toSorted((a, b) => compareVersions(b, a))
  if (version !== undefined) return { version, apiServers, controlPlane: components, etcd, kubelets, coreDns }
  throw new KadmError(
    'API_REFUSED',
    'the cluster has no Pods with the labels component=kube-apiserver and tier=control-plane: its version is not to be seen',
    {
      remedy: ['kubectl -n kube-system get pods -l tier=control-plane'],
    },
  )
}

function availableUpgrade(before: ClusterState, { description, version, kadm }: AvailableVersion, etcdUpgrade: boolean): AvailableUpgrade {
  return {
    description,
    components: [
      ...(kubeletsMove(before.kubelets, version) ? rows('kubelet', before.kubelets, version) : []),
      ...before.controlPlane.flatMap(([name, versions]) => rows(name, versions, version)),
      { name: 'kube-proxy', currentVersion: withoutV(before.version), newVersion: version },
      { name: 'CoreDNS', currentVersion: before.coreDns ?? '', newVersion: versionTable.coredns },
      { name: 'kubeadm', currentVersion: newestKubernetes, newVersion: kadm },
      ...(etcdUpgrade ? rows('etcd', before.etcd, etcdTag(version)) : []),
    ],
  }
}

function kubeletsMove(kubelets: NodesByVersion, to: string): boolean {
  return kubelets.size > 1 || (kubelets.size === 1 && !kubelets.has(to))
}

function rows(name: string, versions: NodesByVersion, newVersion: string): readonly ComponentUpgrade[] {
  return [...versions.keys()]
    .toSorted()
    .flatMap((currentVersion) => (versions.get(currentVersion) ?? []).map((nodeName) => ({ name, currentVersion, newVersion, nodeName })))
}

/**
 * Of each component's configuration there is one version that kadm knows, and another one in a cluster is refused when the configuration is
 * read.
 */
async function configVersionsOf(cluster: Pick<Cluster, 'get'>): Promise<readonly ConfigVersion[]> {
  const proxy = await cluster.get({ ...kinds.configMap, namespace: 'kube-system', name: 'kube-proxy' })
  return componentKinds.map(({ group, version }) => ({
    group,
    currentVersion: group === kubeProxyKind.group && proxy === undefined ? '' : version,
    preferredVersion: version,
    manualUpgradeRequired: false,
  }))
}

function withoutV(version: string): string {
  return version.replace(/^v/, '')
}
