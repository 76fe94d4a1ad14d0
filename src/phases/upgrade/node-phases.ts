/**
 * What `kadm upgrade node` does on a further control plane or a worker: the phases and names of kubeadm 1.37, in its order, and at the end
 * one of kadm's own.
 */
import type { Phase } from '../phase.ts'
import { addon } from './addon.ts'
import { controlPlane } from './control-plane.ts'
import { kubeconfig } from './kubeconfig.ts'
import { kubeletConfig } from './kubelet-config.ts'
import { kubelet } from './kubelet.ts'
import { postUpgrade } from './post-upgrade.ts'
import { preflightOfNode } from './preflight.ts'
import type { NodeRun } from './upgrade-run.ts'

export const nodePhases: readonly Phase<NodeRun>[] = [
  preflightOfNode,
  controlPlane('Upgrade the control plane instance deployed on this node, if any'),
  kubeconfig(['control-plane']),
  kubeletConfig(['control-plane']),
  addon(['control-plane']),
  postUpgrade(['kubeconfig', 'kubelet-config', 'addon']),
  kubelet,
]
