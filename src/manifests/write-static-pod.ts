import path from 'node:path/posix'
import type { InitialClusterMember } from '../cluster/etcd-new-member.ts'
import type { InitConfig } from '../config/model.ts'
import { paths } from '../config/paths.ts'
import { refuseRootless } from '../config/rootless.ts'
import { dumpYaml } from '../config/yaml.ts'
import type { Host } from '../host/host.ts'
import type { Manifest } from './manifest.ts'
import { applyPatches } from './patches.ts'
import { etcd } from './static-pods/etcd.ts'
import { hostEnvironment } from './static-pods/host-environment.ts'
import { kubeApiserver } from './static-pods/kube-apiserver.ts'
import { kubeControllerManager } from './static-pods/kube-controller-manager.ts'
import { kubeScheduler } from './static-pods/kube-scheduler.ts'

/** In kubeadm's order. */
export const controlPlaneComponents = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const
export const staticPodComponents = ['etcd', ...controlPlaneComponents] as const

export type StaticPodComponent = (typeof staticPodComponents)[number]

export interface StaticPodWork {
  readonly config: InitConfig
  readonly host: Host
  /** Takes the lines about patches. */
  readonly say: (line: string) => void
  readonly warn: (line: string) => void
  /** Of etcd, when this member joins others: all of them, with this one. */
  readonly initialCluster?: readonly InitialClusterMember[]
}

/** Where the kubelet of the host finds the manifest. */
export function staticPodPath(component: StaticPodComponent): string {
  return path.join(paths.manifests, `${component}.yaml`)
}

/**
 * Writes the manifest of a component, patched, for the kubelet to start it: 0600 in a directory of 0700. Nothing is written for etcd when
 * it runs elsewhere. Throws PATCH_INVALID, CONFIG_INVALID, FILE_FAILED.
 */
export async function writeStaticPod(component: StaticPodComponent, work: StaticPodWork): Promise<void> {
  const { host } = work
  const manifest = await patchedStaticPod(component, work)
  if (manifest === undefined) return
  await host.makeDirectory(paths.manifests, 0o700)
  await host.writeFile(staticPodPath(component), dumpYaml(manifest), { mode: 0o600, directoryMode: 0o700 })
}

/** The manifest as it is to be written; `undefined` for etcd that runs elsewhere. Throws PATCH_INVALID, CONFIG_INVALID. */
export async function patchedStaticPod(component: StaticPodComponent, work: StaticPodWork): Promise<Manifest | undefined> {
  const { config, host, say } = work
  refuseRootless(config.cluster)
  const manifest = component === 'etcd' ? localEtcd(work) : controlPlane[component](config, await hostEnvironment(config.cluster, host))
  const directory = config.init.patches?.directory
  return manifest === undefined || directory === undefined ? manifest : applyPatches(component, manifest, { directory, host, say })
}

/** Makes the data directory of local etcd, closed to others; one that is there keeps its mode. No etcd fails at what is in it. */
export async function ensureEtcdDataDirectory({ config, host }: Pick<StaticPodWork, 'config' | 'host'>): Promise<void> {
  const { etcd: etcdConfig } = config.cluster
  if (etcdConfig.kind !== 'local') return
  await host.makeDirectory(etcdConfig.dataDir, 0o700)
  await removeUnfinishedDatabase(`${etcdConfig.dataDir}/member`, host)
}

/**
 * An etcd whose disk is full at its very first start leaves a database that it cannot open any more, however often it is started. Nothing is
 * in that yet: etcd begins its log after it. An empty file is a new database to it.
 */
async function removeUnfinishedDatabase(member: string, host: StaticPodWork['host']): Promise<void> {
  const file = `${member}/snap/db`
  const size = (await host.stat(file))?.size ?? 0
  if (size > 0 && size < smallestDatabase && (await host.stat(`${member}/wal`)) === undefined) await host.removeFile(file)
}

/** Bytes: bbolt writes four pages, of at least 4 KiB each, before anything else. */
const smallestDatabase = 4 * 4096

const controlPlane = {
  'kube-apiserver': kubeApiserver,
  'kube-controller-manager': kubeControllerManager,
  'kube-scheduler': kubeScheduler,
} as const

function localEtcd({ config, initialCluster }: StaticPodWork): Manifest | undefined {
  return config.cluster.etcd.kind === 'local' ? etcd(config, config.cluster.etcd, initialCluster) : undefined
}
