/** What init and join ask of every host. */
import type { NodeRegistration } from '../config/model.ts'
import { paths } from '../config/paths.ts'
import { ports } from '../config/ports.ts'
import type { Host } from '../host/host.ts'
import type { Check, OwnedByUnfinishedRun } from './check.ts'
import { containerRuntimeVersion } from './container-runtime-version.ts'
import { containerRuntime } from './container-runtime.ts'
import { hostname } from './hostname.ts'
import { installedKubelet } from './installed-kubelet.ts'
import { kubeletService } from './kubelet-service.ts'
import { kubeletVersion } from './kubelet-version.ts'
import { portFree } from './port-free.ts'
import { programInPath } from './program-in-path.ts'
import { swap } from './swap.ts'
import { systemVerification } from './system-verification.ts'

export interface NodeChecksInput {
  readonly host: Host
  readonly nodeRegistration: NodeRegistration
  /** Of the control plane; `undefined` where it is not known yet. */
  readonly kubernetesVersion: string | undefined
  readonly own: OwnedByUnfinishedRun
  readonly signal?: AbortSignal | undefined
}

/** In kubeadm's order. */
export function nodeChecks({ host, nodeRegistration, kubernetesVersion, own, signal }: NodeChecksInput): readonly Check[] {
  const runtime = host.containerRuntime(nodeRegistration.criSocket)
  const kubelet = installedKubelet(host)
  return [
    containerRuntime(runtime),
    containerRuntimeVersion(runtime),
    swap(host),
    // losetup and mount are the kubelet's, for volumes; cp is kubeadm's, for backups of etcd.
    programInPath(host, 'losetup'),
    programInPath(host, 'mount'),
    programInPath(host, 'cp'),
    systemVerification(host, kubelet),
    hostname(host, nodeRegistration.name, signal),
    kubeletVersion(kubelet, kubernetesVersion),
    kubeletService(host),
    portFree(host, { port: ports.kubelet, openedBy: [paths.kubeletConfig] }, own),
  ]
}
