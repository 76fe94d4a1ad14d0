/** What the phases of `kadm undo` are given. Data only. */
import type { Cluster } from '../../cluster/cluster.ts'
import type { Host } from '../../host/host.ts'
import type { ResetRun } from '../reset/reset-run.ts'
import type { UndoStep } from './undo-steps.ts'
import type { UndoTarget } from './undo-target.ts'

export interface UndoRun {
  readonly host: Host
  readonly target: UndoTarget
  readonly steps: readonly UndoStep[]
  /** There when the host came into its cluster by what is undone: it leaves it again. */
  readonly leaving: Leaving | undefined
  /** The Node of this host, by the cluster file: labels and taints of any other are none of its undo. */
  readonly ownNode: string | undefined
  /** As administrator, by way of a host that stays; `undefined` when there is none. */
  readonly cluster: Cluster | undefined
}

export interface Leaving {
  /** Of the Node; `undefined` when the host does not know it any more. */
  readonly node: string | undefined
  /** What leaving etcd and stopping Pods is asked with: that part is a reset's. */
  readonly reset: ResetRun
}
