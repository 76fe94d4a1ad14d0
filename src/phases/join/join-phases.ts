/**
 * What `kadm join` does: the phases and names of kubeadm 1.37, in its order, and what runs beside what.
 *
 * A worker is a chain: nothing but reading before preflight is through, then the kubelet's files, the kubelet, its certificate. A control
 * plane has its keys made while certificates are downloaded and checks run, starts its kubelet as soon as etcd is known to be well, and
 * each component only when the one that it lives on is there: etcd with a vote, then the API server, then the other two.
 */
import type { Host } from '../../host/host.ts'
import { mindingLaidManifests } from '../components/laid-manifests.ts'
import type { Phase } from '../phase.ts'
import { checkEtcd } from './check-etcd.ts'
import { controlPlaneJoin } from './control-plane-join.ts'
import { controlPlanePrepare } from './control-plane-prepare.ts'
import { etcdJoin } from './etcd-join.ts'
import type { JoinRun } from './join-run.ts'
import { kubeletStart } from './kubelet-start.ts'
import { kubeletWaitBootstrap } from './kubelet-wait-bootstrap.ts'
import { preflight } from './preflight.ts'
import { showDone } from './show-done.ts'
import { waitControlPlane } from './wait-control-plane.ts'

export const joinPhases: readonly Phase<JoinRun>[] = [
  preflight,
  controlPlanePrepare,
  checkEtcd,
  kubeletStart,
  etcdJoin,
  kubeletWaitBootstrap,
  controlPlaneJoin,
  waitControlPlane,
  showDone,
]

/** As they run on this host. */
export function joinPhasesOn(host: Pick<Host, 'list'>): Promise<readonly Phase<JoinRun>[]> {
  return mindingLaidManifests(joinPhases, { phase: 'kubelet-start', after: ['control-plane-prepare/kubeconfig'] }, host)
}

/** Full names of those that do nothing on a worker. */
export const controlPlaneOnly: readonly string[] = [controlPlanePrepare, checkEtcd, etcdJoin, controlPlaneJoin, waitControlPlane].map(
  ({ name }) => name,
)
