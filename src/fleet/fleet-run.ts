/** What commands on many hosts are asked with, and what the actions of an apply are given. */
import type { Cluster } from '../cluster/cluster.ts'
import type { ClusterFile } from '../config/cluster-file.ts'
import type { Host } from '../host/host.ts'
import type { PhaseEvent } from '../phases/phase.ts'
import type { Sponsor } from '../phases/join/sponsor.ts'
import type { ClusterLease } from './apply/cluster-lease.ts'
import type { Action } from './plan/decide.ts'
import type { ReachedHost } from './look/host-state.ts'
import type { Fleet } from './open-fleet.ts'

/** What a command on many hosts is asked with. */
export interface FleetCommand {
  readonly fleet: Fleet
  /** Who is shown to others that wait: `user@machine, kadm apply (pid 123)`. */
  readonly owner: string
  /** Milliseconds that the end of a Lease is waited for which nobody renews. */
  readonly wait: number
  readonly report: (event: FleetEvent) => void
  readonly within?: WithinHost | undefined
  readonly signal: AbortSignal
}

export interface FleetRun extends Pick<FleetCommand, 'report' | 'within'> {
  /** The machine that kadm runs on. */
  readonly operator: Pick<Host, 'query'>
  readonly file: ClusterFile
  /** Where the cluster file lies: there the probe of an upgrade is run. */
  readonly folder: string
  readonly actions: readonly Action[]
  readonly hosts: ReadonlyMap<string, FleetHost>
  /** The control plane that makes the cluster or is asked about it. */
  readonly first: FleetHost
  readonly access: ClusterAccess
  /** By host; a host that failed gets no further actions. */
  readonly failures: Map<string, unknown>
  /** Text of the manifest of the pod network. */
  readonly networkManifest?: string
}

export interface FleetHost {
  readonly name: string
  readonly host: Host
  readonly state: ReachedHost
}

/** The cluster by way of its first control plane: each resolves once it can be asked, and rejects when it will not come up. */
export interface ClusterAccess {
  /** As administrator. */
  readonly cluster: () => Promise<Cluster>
  /** The same, for the upgrade that may be what brings a stopped API back: it has done so when it asks. */
  readonly reach: () => Promise<Cluster>
  /** An upgrade that was cut off may have stopped the API. */
  readonly wasStopped: boolean
  /** For the node of this name. */
  readonly sponsor: (nodeName: string) => Promise<Sponsor>
  /** Told by the init that makes the cluster. */
  readonly apiAnswers: () => void
  readonly failed: (error: unknown) => void
  /** Takes from the cluster what was there for the time of the apply, also after a stop. */
  readonly close: (lease: ClusterLease | undefined) => Promise<void>
}

/** As `Within`, for the phases of all hosts. */
export type WithinHost = (host: string, phase: string, work: () => Promise<void>) => Promise<void>

/** `host` of what is not done on one of the hosts but by kadm itself. */
export const ownName = 'kadm'

/** `phase`: the action, then the phase of its workflow: `join`, `join/kubelet-start`. */
export interface FleetEvent {
  readonly host: string
  readonly event: PhaseEvent
}

/** Tells how the work ends; that it begins is told by who has it done. Throws as it. */
export async function endTold(
  report: FleetCommand['report'],
  { host, phase }: { readonly host: string; readonly phase: string },
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
    report({ host, event: { kind: 'done', phase, at: new Date() } })
  } catch (error) {
    report({ host, event: { kind: 'failed', phase, error, at: new Date() } })
    throw error
  }
}
