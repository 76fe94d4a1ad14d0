/**
 * What `kadm join` does: the phases and names of kubeadm 1.37, in its order, and what runs beside what.
 */
import type { Phase } from '../phase.ts'
import type { JoinRun } from './join-run.ts'
import { kubeletStart } from './kubelet-start.ts'
import { kubeletWaitBootstrap } from './kubelet-wait-bootstrap.ts'
import { preflight } from './preflight.ts'
import { showDone } from './show-done.ts'

export const joinPhases: readonly Phase<JoinRun>[] = [preflight, kubeletStart, kubeletWaitBootstrap, showDone]
