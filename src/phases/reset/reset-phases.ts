/**
 * What `kadm reset` does: the phases and names of kubeadm 1.37, in its order, and what waits for what.
 *
 * The member leaves etcd while it runs; its data goes when nothing writes to it any more, and the files that tell what the host was go
 * last: a reset that was killed finds out again what is left to do.
 */
import type { Phase } from '../phase.ts'
import { cleanupNode } from './cleanup-node.ts'
import { preflight } from './preflight.ts'
import { removeEtcdMember } from './remove-etcd-member.ts'
import type { ResetRun } from './reset-run.ts'
import { showLeft } from './show-left.ts'

export const resetPhases: readonly Phase<ResetRun>[] = [preflight, removeEtcdMember, cleanupNode, showLeft]
