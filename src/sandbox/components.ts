import type { Making } from './progress.ts'

export interface Components {
  /** Kubernetes version with its v, e.g. `v1.37.2`. */
  readonly version: string
  /** Folder of the programs: kubeadm, kubelet, kubectl, kube-*, etcd, etcdctl, etcdutl, coredns, pause. Read-only for all others: hosts may hard-link, not write. */
  readonly bin: string
}

/** The real components of a Kubernetes version, built from their Go modules when they are not in the cache. Errors: SANDBOX_MISSING_PIECE, VERSION_UNSUPPORTED. */
export function ensureComponents(version: string, making: Making): Promise<Components> {
  throw new Error(`not yet: ${version} ${typeof making.say}`)
}
