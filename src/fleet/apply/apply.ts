/** Does what a plan says, on all hosts at once. */
import path from 'node:path'
import { hasCode } from '../../errors.ts'
import type { PhaseEvent } from '../../phases/phase.ts'
import { runPhases } from '../../phases/runner.ts'
import { type ApiAtStart, clusterAccess, controlPlanesBeside } from './cluster-access.ts'
import { takeLease, type ClusterLease, type LeaseOptions } from './cluster-lease.ts'
import { fleetFailed } from '../fleet-failed.ts'
import { fleetEvent, fleetPhases } from './fleet-phases.ts'
import { ownName, type FleetCommand, type FleetRun } from '../fleet-run.ts'
import { leaseHolder } from './lease-holder.ts'
import { reachedHosts } from '../open-fleet.ts'
import { preflightFailed, requireNoProblems, type MadePlan } from '../plan/plan.ts'
import { requireFree } from './require-free.ts'

export interface ApplyInput extends FleetCommand, Pick<FleetRun, 'operator'> {
  readonly made: MadePlan
  /** Nodes come in with a bootstrap token, as kubeadm does it. */
  readonly tokens: boolean
  /** Text of the manifest of the pod network. */
  readonly networkManifest: string | undefined
}

/**
 * Throws PREFLIGHT_FAILED for a plan with problems, RUN_IN_PROGRESS, or FLEET_FAILED with what happened on each host that failed; the
 * others are done then.
 */
export async function applyPlan(input: ApplyInput): Promise<void> {
  const { made, report, signal } = input
  requireNoProblems(made.problems)
  if (made.plan.actions.length === 0) return
  const lost = new AbortController()
  const stop = AbortSignal.any([signal, lost.signal])
  const run = fleetRun(input, stop)
  const { access, actions, failures, hosts } = run
  const ended = new AbortController()
  const hold = (): Promise<ClusterLease> =>
    holdLease(run, input, { signal: AbortSignal.any([stop, ended.signal]), lost: (error) => lost.abort(error) })
  const skipped = new Set<string>()
  let lease: Promise<ClusterLease | undefined> | undefined
  try {
    if (apiAtStart(made) === 'there') lease = Promise.resolve(await hold())
    await requireFree(
      actions.flatMap(({ host }) => hosts.get(host) ?? []),
      { command: 'kadm apply', places: made.file.hosts },
    )
    // Where no API answers yet the locks of the hosts stand for the Lease until one does.
    lease ??= hold().catch((error: unknown) => {
      if (hasCode(error, 'RUN_IN_PROGRESS')) lost.abort(error)
      return undefined
    })
    const tell = (event: PhaseEvent): void =>
      fleetEvent(event).forEach((told) => {
        if (told.event.kind === 'skipped' && told.host !== ownName) skipped.add(told.host)
        report(told)
      })
    await runPhases(fleetPhases(run), run, { now: () => new Date(), signal: stop, report: tell })
  } finally {
    // A Lease that is still waited for is of no use any more.
    ended.abort()
    access.failed(new Error('the apply has ended'))
    await access.close(await lease)
  }
  if (failures.size > 0) throw fleetFailed(failures, made.file.hosts, skipped)
}

/** Throws PREFLIGHT_FAILED. */
function fleetRun({ fleet, made, tokens, networkManifest, report, within, operator }: ApplyInput, signal: AbortSignal): FleetRun {
  const { actions, file: source } = made.plan
  const hosts = reachedHosts(fleet)
  const first = hosts.get(made.first ?? '')
  if (first === undefined)
    throw preflightFailed([`${made.first ?? 'a control plane'} is to be asked about the cluster, and is not reached`])
  return {
    file: made.file,
    folder: path.dirname(source.path),
    actions,
    hosts,
    first,
    access: clusterAccess({
      host: first.host,
      ...controlPlanesBeside(first, { file: made.file, hosts, actions }),
      api: apiAtStart(made),
      tokens,
      signal,
    }),
    failures: new Map(),
    operator,
    report,
    within,
    ...(networkManifest !== undefined && { networkManifest }),
  }
}

function apiAtStart({ plan }: MadePlan): ApiAtStart {
  if (plan.actions.some(({ kind }) => kind === 'init')) return 'coming'
  return plan.seen.cluster.kind === 'running' ? 'there' : 'stopped'
}

async function holdLease(
  { access, actions, report }: FleetRun,
  { owner, wait }: ApplyInput,
  ends: Pick<LeaseOptions, 'signal' | 'lost'>,
): Promise<ClusterLease> {
  const say = (text: string): void =>
    report({ host: actions[0]?.host ?? ownName, event: { kind: 'line', phase: 'lease', text, at: new Date() } })
  return takeLease(await access.cluster(), { owner, holder: await leaseHolder(), wait, say, ...ends })
}
