/**
 * What `kadm init` does: the phases and names of kubeadm 1.37, in its order, and what runs beside what.
 *
 * The shape of the run follows from what the components allow (docs/decisions/0004-init-schedule.md): the kubelet is started as soon as it
 * can know who it is, while the remaining keys are still being made; etcd and kube-apiserver come first; the controller-manager and
 * the scheduler only when the API can tell them that they may lead; objects are sent as soon as the API serves.
 */
import type { Host } from '../../host/host.ts'
import { mindingLaidManifests } from '../components/laid-manifests.ts'
import type { Phase } from '../phase.ts'
import { addon } from './addon.ts'
import { bootstrapToken } from './bootstrap-token.ts'
import { certs } from './certs.ts'
import { controlPlane } from './control-plane.ts'
import { etcd } from './etcd.ts'
import type { InitRun } from './init-run.ts'
import { kubeconfig } from './kubeconfig.ts'
import { kubeletFinalize } from './kubelet-finalize.ts'
import { kubeletStart } from './kubelet-start.ts'
import { markControlPlane } from './mark-control-plane.ts'
import { preflight } from './preflight.ts'
import { showJoinCommand } from './show-join-command.ts'
import { uploadCerts } from './upload-certs.ts'
import { uploadConfig } from './upload-config.ts'
import { waitControlPlane } from './wait-control-plane.ts'

export const initPhases: readonly Phase<InitRun>[] = [
  preflight,
  certs,
  kubeconfig,
  etcd,
  controlPlane,
  kubeletStart,
  waitControlPlane,
  uploadConfig,
  uploadCerts,
  markControlPlane,
  bootstrapToken,
  kubeletFinalize,
  addon,
  showJoinCommand,
]

/** As they run on this host. */
export function initPhasesOn(host: Pick<Host, 'list'>): Promise<readonly Phase<InitRun>[]> {
  return mindingLaidManifests(initPhases, { phase: 'kubelet-start/service', after: ['kubeconfig'] }, host)
}
