/** Does what a plan says, on all hosts at once. */
import path from 'node:path'
import type { ClusterFile } from '../config/cluster-file.ts'
import { KadmError, hasCode, messageOf, withCode } from '../errors.ts'
import type { PhaseEvent } from '../phases/phase.ts'
import { runPhases } from '../phases/runner.ts'
import { clusterAccess, type ClusterAccessOptions } from './cluster-access.ts'
import { takeLease, type ClusterLease } from './cluster-lease.ts'
import { fleetRemedies } from './fleet-remedies.ts'
import { leaseHolder } from './lease-holder.ts'
import { fleetEvent, fleetPhases } from './fleet-phases.ts'
import { ownName, type FleetEvent, type FleetHost, type FleetRun, type WithinHost } from './fleet-run.ts'
import type { Fleet } from './open-fleet.ts'
import type { MadePlan } from './plan.ts'
import { requireFree } from './require-free.ts'

export interface ApplyInput {
  readonly file: ClusterFile
  readonly fleet: Fleet
  readonly made: MadePlan
  /** Nodes come in with a bootstrap token, as kubeadm does it. */
  readonly tokens: boolean
  /** Text of the manifest of the pod network. */
  readonly networkManifest: string | undefined
  /** Who is shown to others that wait: `user@machine, kadm apply (pid 123)`. */
  readonly owner: string
  /** Milliseconds that the end of a Lease is waited for which nobody renews. */
  readonly wait: number
  readonly report: (event: FleetEvent) => void
  readonly within?: WithinHost | undefined
  /** The machine that kadm runs on. */
  readonly operator: FleetRun['operator']
  readonly signal: AbortSignal
}

/**
 * Throws PREFLIGHT_FAILED for a plan with problems, RUN_IN_PROGRESS, or FLEET_FAILED with what happened on each host that failed; the
 * others are done then.
 */
export async function applyPlan({
  file,
  fleet,
  made,
  tokens,
  networkManifest,
  owner,
  wait,
  report,
  within,
  operator,
  signal,
}: ApplyInput): Promise<void> {
  const { plan, problems } = made
  requireNoProblems(problems)
  const hosts = reachedHosts(fleet)
  if (plan.actions.length === 0) return
  const first = hosts.get(made.first ?? '')
  if (first === undefined)
    throw preflightFailed([`${made.first ?? 'a control plane'} is to be asked about the cluster, and is not reached`])
  const isThere = plan.seen.cluster.kind === 'running' && !plan.actions.some(({ kind }) => kind === 'init')
  const lost = new AbortController()
  const stop = AbortSignal.any([signal, lost.signal])
  const access = clusterAccess({
    host: first.host,
    ...controlPlanesBeside(first, { file, hosts, actions: plan.actions }),
    isThere,
    tokens,
    signal: stop,
  })
  const run: FleetRun = {
    file,
    folder: path.dirname(plan.file.path),
    actions: plan.actions,
    hosts,
    first,
    access,
    failures: new Map(),
    operator,
    report,
    within,
    ...(networkManifest !== undefined && { networkManifest }),
  }
  const say = (text: string): void =>
    report({ host: plan.actions[0]?.host ?? ownName, event: { kind: 'line', phase: 'lease', text, at: new Date() } })
  const ended = new AbortController()
  const hold = async (): Promise<ClusterLease> =>
    takeLease(await access.cluster(), {
      owner,
      holder: await leaseHolder(operator),
      wait,
      signal: AbortSignal.any([stop, ended.signal]),
      say,
      lost: (error) => lost.abort(error),
    })
  const skipped = new Set<string>()
  let lease: Promise<ClusterLease | undefined> | undefined
  try {
    if (isThere) lease = Promise.resolve(await hold())
    await requireFree(
      plan.actions.flatMap(({ host }) => hosts.get(host) ?? []),
      'kadm apply',
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
  if (run.failures.size > 0) throw fleetFailed(run.failures, skipped)
}

/**
 * Those that are there besides the first: who stays, and who is to leave. Whom the file does not want as a control plane is not asked, be
 * there what may on its disk: who has taken over a worker would be the cluster for all others.
 */
export function controlPlanesBeside(
  first: Pick<FleetHost, 'name'>,
  { file, hosts, actions }: Pick<FleetRun, 'file' | 'hosts' | 'actions'>,
): Pick<ClusterAccessOptions, 'others' | 'leaving'> {
  const leavers = new Set(actions.filter(({ kind }) => kind === 'remove').map(({ host }) => host))
  const wanted = new Set(file.hosts.filter(({ role }) => role === 'control-plane').map(({ name }) => name))
  const found = [...hosts.values()].filter(({ name, state }) => name !== first.name && state.node === 'control-plane')
  return {
    others: found.filter(({ name }) => wanted.has(name)).map(({ host }) => host),
    leaving: found.filter(({ name }) => leavers.has(name)).map(({ host }) => host),
  }
}

/** Throws PREFLIGHT_FAILED. */
export function requireNoProblems(problems: readonly string[]): void {
  if (problems.length > 0) throw preflightFailed(problems)
}

function preflightFailed(problems: readonly string[]): KadmError {
  return new KadmError(
    'PREFLIGHT_FAILED',
    problems.length === 1 ? `nothing was changed: ${problems[0]}` : `nothing was changed: ${problems.length} problems`,
    {
      details: problems,
      remedy: ['mend what is listed, then run the same command again'],
    },
  )
}

export function reachedHosts({ hosts, states }: Fleet): ReadonlyMap<string, FleetHost> {
  return new Map(
    [...hosts].flatMap(([name, host]) => {
      const state = states.get(name)
      return state?.kind === 'reached' ? [[name, { name, host, state }] as const] : []
    }),
  )
}

/** Those that only waited for the one that failed first are told after it, by name; at the end those that nothing was begun on. */
export function fleetFailed(failures: ReadonlyMap<string, unknown>, skipped: ReadonlySet<string> = new Set()): KadmError {
  const causes = Map.groupBy([...failures], ([, error]) => error)
  const lines = [...causes].flatMap(([error, hosts]) => {
    const details = error instanceof KadmError ? error.details : []
    const [cause, ...others] = hosts.map(([name]) => name)
    return [
      withCode(`${cause}: ${messageOf(error)}`, error instanceof KadmError ? error.code : undefined),
      ...details.map((line) => `  ${line}`),
      ...(others.length === 0 ? [] : [`  (${others.join(', ')} waited for it)`]),
    ]
  })
  const notBegun = [...skipped].filter((name) => !failures.has(name))
  // Of those that waited nothing is to be mended.
  const remedies = fleetRemedies(
    [...causes].flatMap(([error, [first]]) =>
      error instanceof KadmError && first !== undefined ? [{ host: first[0], remedy: error.remedy }] : [],
    ),
  )
  const again = 'run the same command again: it goes on with what is left'
  const [best = again, ...others] = new Set([...remedies, again])
  return new KadmError(
    'FLEET_FAILED',
    `${failures.size === 1 ? 'a host has' : `${failures.size} hosts have`} not come to what the file says: ${[...failures.keys()].join(', ')}`,
    {
      details: notBegun.length === 0 ? lines : [...lines, `not begun: ${notBegun.join(', ')}`],
      remedy: [best, ...others],
    },
  )
}
