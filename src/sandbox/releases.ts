/**
 * The Kubernetes versions that a sandbox can run: where their pinned modules lie in the project, and the images that their kubeadm asks
 * for.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { newestKubernetes } from '../config/own-version.ts'
import { KadmError } from '../errors.ts'

export interface Release {
  readonly version: string
  /** Folders below `sandbox/` with the go.mod and go.sum that the programs are built from. */
  readonly modules: { readonly kubernetes: string; readonly etcd: string; readonly coredns: string }
  /**
   * Image tags as `kubeadm config images list` prints them. The module may be a later patch release: not each tag is served as a Go module.
   */
  readonly tags: { readonly etcd: string; readonly coredns: string; readonly pause: string }
}

/** What tests of an upgrade to the newest begin at. */
export const olderKubernetes = 'v1.36.3'

export const releases: readonly Release[] = [
  {
    version: newestKubernetes,
    modules: { kubernetes: 'kubernetes-v1.37.2', etcd: 'etcd-v3.7.0', coredns: 'coredns-v1.14.6' },
    tags: { etcd: '3.7.0-0', coredns: 'v1.14.6', pause: '3.10.2' },
  },
  {
    version: olderKubernetes,
    modules: { kubernetes: 'kubernetes-v1.36.3', etcd: 'etcd-v3.6.14', coredns: 'coredns-v1.14.3' },
    tags: { etcd: '3.6.8-0', coredns: 'v1.14.2', pause: '3.10.2' },
  },
]

export const kubernetesPrograms = [
  'kubeadm',
  'kubelet',
  'kubectl',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
] as const

/** Throws VERSION_UNSUPPORTED for a version that no sandbox can run. */
export function releaseOf(version: string): Release {
  const release = releases.find((one) => one.version === version)
  if (release !== undefined) return release
  const known = releases.map((one) => one.version).join(', ')
  throw new KadmError('VERSION_UNSUPPORTED', `a sandbox cannot run Kubernetes "${version}", only ${known}`, {
    remedy: [`kadm sandbox up --kubernetes-version ${releases[0]?.version}`],
  })
}

/** Image reference by the program that is its entry point, in kubeadm's order. */
export function imagesOf({ version, tags }: Release): Readonly<Record<string, string>> {
  const registry = 'registry.k8s.io'
  return {
    'kube-apiserver': `${registry}/kube-apiserver:${version}`,
    'kube-controller-manager': `${registry}/kube-controller-manager:${version}`,
    'kube-scheduler': `${registry}/kube-scheduler:${version}`,
    'kube-proxy': `${registry}/kube-proxy:${version}`,
    coredns: `${registry}/coredns/coredns:${tags.coredns}`,
    pause: `${registry}/pause:${tags.pause}`,
    etcd: `${registry}/etcd:${tags.etcd}`,
  }
}

/** The project's `sandbox` folder: beside the sources, or beside the bundle that was built from them. */
export function moduleFolder(name: string): string {
  const places = ['../../sandbox/', './sandbox/'].map((place) => fileURLToPath(new URL(place + name, import.meta.url)))
  const found = places.find((place) => existsSync(place))
  if (found !== undefined) return found
  throw new KadmError('SANDBOX_MISSING_PIECE', `the folder "sandbox/${name}" of kadm is not there`, { remedy: ['npm run build'] })
}
