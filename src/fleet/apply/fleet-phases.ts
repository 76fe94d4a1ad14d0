/**
 * The actions of an apply as a workflow of phases over all hosts: `hosts/h2/join`. Every host begins at once; a join waits inside, for the
 * cluster that it joins. Hosts leave only when all new ones are in, and control planes one after the other: etcd loses one member at a
 * time. Upgrades go host by host over the control planes, then in waves over the workers, with a gate behind each wave.
 */
import type { ClusterHost } from '../../config/cluster-file.ts'
import { compareVersions } from '../../config/versions.ts'
import type { Phase, PhaseEvent } from '../../phases/phase.ts'
import type { Action } from '../plan/decide.ts'
import { endTold, ownName, type FleetEvent, type FleetRun } from '../fleet-run.ts'
import { waves } from '../plan/plan-upgrade.ts'
import { actionWork } from './run-action.ts'
import { afterWave } from './upgrade-host.ts'

type Plan = Pick<FleetRun, 'actions' | 'hosts' | 'file'>

export function fleetPhases(plan: Plan): readonly Phase<FleetRun>[] {
  const { actions } = plan
  const names = [...new Set(actions.map(({ host }) => host))]
  const order = [...afterForgotten(plan), ...afterArrivals(plan), ...upgradeOrder(plan)]
  const hosts = names.map((name) => ({
    name,
    summary: `Bring ${name} to what the file says`,
    needs: [],
    phases: actions
      .filter(({ host }) => host === name)
      .map((one, index) => actionPhase(one, new Map(order).get(one) ?? (index === 0 ? [] : undefined))),
  }))
  return [{ name: 'hosts', summary: 'All hosts side by side', needs: [], phases: hosts }, ...firstGate(plan), ...gates(plan)]
}

/**
 * What is to be told of an event of these phases: that an action or what lies between waves begins or is left out. How it ends it tells
 * itself, since its failure is none of the runner's. The folders above them are nothing to tell of.
 */
export function fleetEvent(event: PhaseEvent): readonly FleetEvent[] {
  const at = placeOf(event.phase)
  if (at === undefined || (event.kind !== 'started' && event.kind !== 'skipped')) return []
  const needs = (event.needs ?? []).flatMap((need) => needText(at.host, need))
  return [{ host: at.host, event: { ...event, phase: at.phase, needs } }]
}

/** `hosts/h2/join` is the action `join` of h2. */
function placeOf(name: string): { readonly host: string; readonly phase: string } | undefined {
  const [folder, host, phase] = name.split('/')
  if (folder !== 'hosts') return { host: ownName, phase: name }
  return host === undefined || phase === undefined ? undefined : { host, phase }
}

function needText(host: string, need: string): readonly string[] {
  const at = placeOf(need)
  if (at === undefined) return []
  return [at.host === host ? at.phase : `${at.host}:${at.phase}`]
}

/** Who comes in: etcd takes a new member best where all that it counts on answer. */
function afterForgotten({ actions }: Plan): readonly (readonly [Action, readonly string[]])[] {
  return actions.filter(({ kind }) => kind === 'join').map((one) => [one, forgotten(actions)] as const)
}

function forgotten(actions: Plan['actions']): readonly string[] {
  return actions.filter(({ kind }) => kind === 'forget').map(fullName)
}

/** What each removal waits for. */
function afterArrivals({ actions, hosts }: Plan): readonly (readonly [Action, readonly string[]])[] {
  const arrivals = actions.filter(({ kind }) => kind === 'init' || kind === 'join').map(fullName)
  const removals = actions.filter(({ kind }) => kind === 'remove')
  const members = removals.filter(({ host }) => hosts.get(host)?.state.node === 'control-plane')
  return removals.map((one) => {
    const before = members[members.indexOf(one) - 1]
    return [one, [...forgotten(actions), ...arrivals, ...(before === undefined ? [] : [fullName(before)])]] as const
  })
}

function upgradeOrder(plan: Plan): readonly (readonly [Action, readonly string[]])[] {
  const before = [...forgotten(plan.actions), ...firstGate(plan).map(({ name }) => name)]
  return upgradeWaves(plan).flatMap((wave, index) => wave.map((one) => [one, index === 0 ? before : [gateName(index - 1)]] as const))
}

/**
 * Of an upgrade that is gone on with: what the last gate said, and how long it has waited, is not known any more. None where a host was cut
 * off or has failed: that may be what the probe would say no to, and only going on mends it.
 */
function firstGate(plan: Plan): readonly Phase<FleetRun>[] {
  const { actions, hosts, file } = plan
  const all = upgradeWaves(plan)
  const [wave] = all
  const isCutOff = actions.some(({ host }) => hosts.get(host)?.state.unfinished !== undefined)
  const done = upgraded(plan)
  if (wave === undefined || isCutOff || done.length === 0) return []
  const workers = done.filter(({ role }) => role === 'worker').map(({ name }) => name)
  return [gate('before-wave-1', wave, { needs: [], soaks: soaksAfter(workers, all.flat(), file) })]
}

/** Members that have the wanted version already, be it of their control plane alone. */
function upgraded({ actions, hosts, file }: Plan): readonly ClusterHost[] {
  const due = new Set(actions.map(({ host }) => host))
  return file.hosts.filter(({ name, role }) => {
    const state = hosts.get(name)?.state
    if (role === 'absent' || state === undefined || state.node === 'none') return false
    // What is installed runs where nothing is due.
    return compareVersions(state.controlPlane, file.kubernetesVersion) === 0 || (!due.has(name) && state.kubelet === file.kubernetesVersion)
  })
}

/** Between one wave and the next: soak after the last of the canaries, and the probe. */
function gates(plan: Plan): readonly Phase<FleetRun>[] {
  const all = upgradeWaves(plan)
  return all.map((wave, index) => {
    const names = wave.map(({ host }) => host)
    return gate(gateName(index), wave, { needs: wave.map(fullName), soaks: soaksAfter(names, all.slice(index + 1).flat(), plan.file) })
  })
}

/** @param wave whose hosts count as failed when the answer is no */
function gate(
  name: string,
  wave: readonly Action[],
  { needs, soaks }: { readonly needs: readonly string[]; readonly soaks: boolean },
): Phase<FleetRun> {
  return {
    name,
    summary: 'Is all well?',
    needs,
    skip: ({ failures, file }) => {
      if (failures.size > 0) return 'the upgrade has stopped'
      return file.upgrade.probe === undefined && !soaks ? '' : false
    },
    run: async (run, { signal }) => {
      const hosts = wave.map(({ host }) => host)
      await failingOnly(hosts, run, { host: ownName, phase: name, signal }, () => afterWave(run, { soaks, signal }))
    },
  }
}

/** Are these canaries and nobody else, is no canary left, and is there a time to look at them? */
function soaksAfter(names: readonly string[], left: readonly Action[], { upgrade }: FleetRun['file']): boolean {
  const isCanary = (name: string): boolean => upgrade.canary.includes(name)
  return upgrade.soak > 0 && names.length > 0 && names.every(isCanary) && !left.some(({ host }) => isCanary(host))
}

/** Control planes one by one, then the waves of workers. */
function upgradeWaves({ actions, file }: Plan): readonly (readonly Action[])[] {
  const upgrades = actions.filter(({ kind }) => kind === 'upgrade')
  const workers = file.hosts.filter(({ role }) => role === 'worker').map(({ name }) => name)
  const waiting = upgrades.filter(({ host }) => workers.includes(host))
  const byHost = new Map(waiting.map((one) => [one.host, one]))
  const ofWorkers = waves([...byHost.keys()], file.upgrade, workers.length).map((wave) => wave.flatMap((host) => byHost.get(host) ?? []))
  return [...upgrades.filter(({ host }) => !workers.includes(host)).map((one) => [one]), ...ofWorkers]
}

function actionPhase(one: Action, needs: readonly string[] | undefined): Phase<FleetRun> {
  return {
    name: one.kind,
    summary: one.why,
    ...(needs !== undefined && { needs }),
    skip: ({ failures, actions }) => {
      if (one.kind === 'upgrade') return failures.size > 0 ? 'the upgrade has stopped' : false
      if (failures.has(one.host)) return `${one.host} has failed before`
      const missing = actions.find(({ host, kind }) => (kind === 'init' || kind === 'join') && failures.has(host))
      return one.kind === 'remove' && missing !== undefined ? `${missing.host} has not come in` : false
    },
    run: async (run, { signal }) => {
      const on = one.kind === 'forget' ? run.first : run.hosts.get(one.host)
      const wanted = run.file.hosts.find(({ name }) => name === one.host)
      if (on === undefined || wanted === undefined) throw new Error(`the plan has an action for "${one.host}", which is not there`)
      await failingOnly([one.host], run, { host: one.host, phase: one.kind, signal }, () =>
        actionWork[one.kind]({ run, wanted, on, signal }),
      )
    },
  }
}

/** Who else is at work goes on: that some hosts fail is no reason to leave the rest half done. */
async function failingOnly(
  hosts: readonly string[],
  { report, failures }: FleetRun,
  { host, phase, signal }: { readonly host: string; readonly phase: string; readonly signal: AbortSignal },
  work: () => Promise<void>,
): Promise<void> {
  await endTold(report, { host, phase }, work).catch((error: unknown) => {
    signal.throwIfAborted()
    for (const failed of hosts) failures.set(failed, error)
  })
}

function fullName({ host, kind }: Action): string {
  return `hosts/${host}/${kind}`
}

function gateName(index: number): string {
  return `after-wave-${index + 1}`
}
