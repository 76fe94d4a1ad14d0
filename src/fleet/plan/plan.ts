/**
 * A plan: what was seen, and what is to be done about it. JSON data that can be kept, read by people, and applied later. Nothing secret is
 * in it.
 */
import { createHash } from 'node:crypto'
import { clusterFileApiVersion, isOtherVersion } from '../../config/fields/cluster-file-fields.ts'
import type { ClusterFile } from '../../config/cluster-file.ts'
import { kadmVersion } from '../../config/own-version.ts'
import { isObject, parseJson } from '../../json.ts'
import { KadmError } from '../../errors.ts'
import { shellQuote } from '../../host/shell-quote.ts'
import { observeCluster, type AskOptions, type ClusterState } from '../look/cluster-state.ts'
import { asStored } from './as-stored.ts'
import { configurationWarnings } from './configuration-warnings.ts'
import { decide, firstControlPlane, isGoneOnWith, type Action } from './decide.ts'
import { hostChecks } from './fleet-checks.ts'
import { askEndpointName } from '../look/endpoint-name.ts'
import type { HostState } from '../look/host-state.ts'
import { lastKeyProblems } from '../look/last-keys.ts'
import { measureFleet } from '../look/measure-fleet.ts'
import { rootProblems } from './not-root.ts'
import type { Fleet } from '../open-fleet.ts'
import { withRunningVersion } from './plan-upgrade.ts'

export interface FleetPlan {
  readonly apiVersion: string
  readonly kind: 'Plan'
  readonly cluster: string
  /** That is wanted, with `v`. */
  readonly kubernetesVersion: string
  /** The cluster file: where it was, and what was in it and in the manifest of the pod network that it names. */
  readonly file: { readonly path: string; readonly sha256: string; readonly networkSha256?: string }
  readonly seen: { readonly hosts: Readonly<Record<string, HostState>>; readonly cluster: ClusterState }
  readonly actions: readonly Action[]
}

export interface MadePlan {
  readonly plan: FleetPlan
  /** With the version that the plan is about, where it names none: that is what is applied. */
  readonly file: ClusterFile
  /** The control plane that makes the cluster or is asked about it; `undefined` when none is reached. */
  readonly first: string | undefined
  /** What stands in the way: such a plan is not applied. */
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

export interface FileSource {
  readonly path: string
  readonly text: string
  /** Text of the manifest of the pod network. */
  readonly networkManifest?: string
}

export interface PlanInput extends AskOptions {
  readonly file: ClusterFile
  readonly source: FileSource
  readonly fleet: Fleet
}

/** Looks at the cluster and decides; the hosts have been looked at when the fleet was opened. Changes nothing. */
export async function makePlan({ file: given, source, fleet, signal, patience = 0, say = () => {} }: PlanInput): Promise<MadePlan> {
  const { states, hosts } = fleet
  const members = given.hosts.filter(({ name, role }) => role === 'control-plane' && isControlPlane(states.get(name)))
  const able = members.filter(({ name }) => !lacksAdminConf(states.get(name)))
  const { cluster, stored } = await observeCluster(
    (able.length > 0 ? able : members).flatMap((place) => {
      const host = hosts.get(place.name)
      return host === undefined ? [] : [{ host, place }]
    }),
    { file: given, states },
    { signal, patience: isGoneOnWith(states) ? 0 : patience, say },
  )
  const file = withRunningVersion(given, cluster)
  const { actions, problems, warnings } = decide(file, states, cluster)
  const acting = new Set(actions.map(({ host }) => host))
  const met = asStored(file, stored, actions)
  const checked = hostChecks(met, states, actions)
  const [measured, named, lastKeys] = await Promise.all([
    measureFleet(met, fleet, actions, signal),
    askEndpointName(file, fleet, { cluster, actions, signal }),
    lastKeyProblems(file, fleet, { stored, actions }),
  ])
  return {
    plan: {
      apiVersion: clusterFileApiVersion,
      kind: 'Plan',
      cluster: file.name,
      kubernetesVersion: file.kubernetesVersion,
      file: {
        path: source.path,
        sha256: sha256(source.text),
        ...(source.networkManifest !== undefined && { networkSha256: sha256(source.networkManifest) }),
      },
      seen: { hosts: Object.fromEntries([...states].map(([name, state]) => [name, lasting(state)])), cluster },
      actions,
    },
    file,
    first: firstControlPlane(file, states),
    problems: [
      ...problems,
      ...named.problems,
      ...lastKeys,
      ...rootProblems(file.hosts, states, acting),
      ...checked.errors,
      ...measured.errors,
    ],
    warnings: [...warnings, ...named.warnings, ...configurationWarnings(file, states, stored), ...checked.warnings, ...measured.warnings],
  }
}

/** Throws PREFLIGHT_FAILED. */
export function requireNoProblems(problems: readonly string[]): void {
  if (problems.length > 0) throw preflightFailed(problems)
}

export function preflightFailed(problems: readonly string[]): KadmError {
  return new KadmError(
    'PREFLIGHT_FAILED',
    problems.length === 1 ? `nothing was changed: ${problems[0]}` : `nothing was changed: ${problems.length} problems`,
    {
      details: problems,
      remedy: ['mend what is listed, then run the same command again'],
    },
  )
}

/** A plan that was kept. Throws CONFIG_INVALID for what is none. */
export function parsePlan(text: string, name: string): FleetPlan {
  const plan = parseJson(text)
  const file = isObject(plan) ? plan['file'] : undefined
  const isPlan =
    isObject(plan) &&
    plan['apiVersion'] === clusterFileApiVersion &&
    plan['kind'] === 'Plan' &&
    isObject(plan['seen']) &&
    Array.isArray(plan['actions'])
  if (isPlan && isObject(file) && typeof file['path'] === 'string' && typeof file['sha256'] === 'string')
    return plan as unknown as FleetPlan
  if (isObject(plan) && plan['kind'] === 'Plan' && isOtherVersion(plan['apiVersion']))
    throw new KadmError(
      'CONFIG_INVALID',
      `"${name}" is a kept plan of apiVersion ${plan['apiVersion']}: this kadm (${kadmVersion}) reads ${clusterFileApiVersion}`,
      { remedy: ['kadm plan -f FILE --out PLAN   # makes one that this kadm applies'] },
    )
  // Mostly a cluster file, which nothing may be written over.
  throw new KadmError('CONFIG_INVALID', `"${name}" is no kept plan: kadm plan --out writes one`, {
    remedy: [`kadm apply -f ${shellQuote(name)}   # if it is a cluster file`, 'kadm plan -f FILE --out plan.json && kadm apply plan.json'],
  })
}

/** Throws PLAN_STALE, with every difference, unless hosts, cluster and file are as the kept plan saw them. */
export function requireSame(kept: FleetPlan, now: FleetPlan): void {
  const facts = ({ kubernetesVersion, file, seen, actions }: FleetPlan) => ({
    kubernetesVersion,
    file: file.sha256,
    network: file.networkSha256,
    ...seen,
    actions,
  })
  const differences = differencesOf(facts(kept), facts(now), '')
  if (differences.length === 0) return
  throw new KadmError(
    'PLAN_STALE',
    `the plan is of another time: ${differences.length === 1 ? differences[0] : `${differences.length} things have changed`}`,
    {
      details: differences,
      remedy: [`kadm plan -f ${shellQuote(kept.file.path)} --out PLAN   # look at the new one, then apply it`],
    },
  )
}

function differencesOf(before: unknown, after: unknown, path: string): readonly string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  const [left, right] = [byName(before), byName(after)]
  if (!isObject(left) || !isObject(right)) return [`${path} was ${shown(before)}, is ${shown(after)}`]
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])]
  return names.flatMap((name) => differencesOf(left[name], right[name], path === '' ? name : `${path}.${name}`))
}

/** Lists of nodes and of actions are compared by the name of what they are about, others as a whole. */
function byName(value: unknown): unknown {
  if (!Array.isArray(value)) return value
  const named = value.flatMap((item: unknown) =>
    isObject(item) && (item['name'] ?? item['host']) !== undefined
      ? [[[item['name'] ?? item['host'], item['kind']].filter(Boolean).join(' '), item] as const]
      : [],
  )
  return named.length === value.length && new Set(named.map(([name]) => name)).size === value.length ? Object.fromEntries(named) : value
}

function shown(value: unknown): string {
  return value === undefined ? 'not there' : JSON.stringify(value)
}

/** Clocks are never the same twice. */
function lasting(state: HostState): HostState {
  return state.kind === 'reached' ? { ...state, clockAhead: 0 } : state
}

function isControlPlane(state: HostState | undefined): boolean {
  return state?.kind === 'reached' && state.node === 'control-plane'
}

function lacksAdminConf(state: HostState | undefined): boolean {
  return state?.kind === 'reached' && state.lacksAdminConf === true
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
