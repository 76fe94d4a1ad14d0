/**
 * The steps of an apply as a workflow of phases over all hosts: `hosts/h2/join`. Every host begins at once; a join waits inside, for the cluster that it
 * joins. Hosts leave only when all new ones are in, and control planes one after the other: etcd loses one member at a time. Upgrades go host by host over
 * the control planes, then in waves over the workers.
 */
import type { Phase } from '../phases/phase.ts'
import type { FleetRun } from './fleet-run.ts'
import type { Action } from './plan-actions.ts'
import { waves } from './plan-upgrade.ts'
import { steps } from './steps.ts'
import { afterWave } from './upgrade-host.ts'

type Plan = Pick<FleetRun, 'actions' | 'hosts' | 'file'>

export function fleetPhases(plan: Plan): readonly Phase<FleetRun>[] {
  const { actions } = plan
  const names = [...new Set(actions.map(({ host }) => host))]
  const order = [...afterArrivals(plan), ...upgradeOrder(plan)]
  const hosts = names.map((name) => ({
    name,
    summary: `Bring ${name} to what the file says`,
    needs: [],
    phases: actions.filter(({ host }) => host === name).map((one, index) => step(one, new Map(order).get(one) ?? (index === 0 ? [] : undefined))),
  }))
  return [{ name: 'hosts', summary: 'All hosts side by side', needs: [], phases: hosts }, ...gates(plan)]
}

/** What each removal waits for. */
function afterArrivals({ actions, hosts }: Plan): readonly (readonly [Action, readonly string[]])[] {
  const arrivals = actions.filter(({ kind }) => kind === 'init' || kind === 'join').map(fullName)
  const removals = actions.filter(({ kind }) => kind === 'remove')
  const members = removals.filter(({ host }) => hosts.get(host)?.state.node === 'control-plane')
  return removals.map((one) => {
    const before = members[members.indexOf(one) - 1]
    return [one, [...arrivals, ...(before === undefined ? [] : [fullName(before)])]] as const
  })
}

function upgradeOrder(plan: Plan): readonly (readonly [Action, readonly string[]])[] {
  return upgradeWaves(plan).flatMap((wave, index) => wave.map((one) => [one, index === 0 ? [] : [gateName(index - 1)]] as const))
}

/** Between one wave and the next: soak after the canaries, and the probe. */
function gates(plan: Plan): readonly Phase<FleetRun>[] {
  return upgradeWaves(plan).map((wave, index) => ({
    name: gateName(index),
    summary: 'Is all well after this wave?',
    needs: wave.map(fullName),
    skip: ({ failures }) => (failures.size > 0 ? 'the upgrade has stopped' : false),
    run: async (run, { signal }) => {
      const hosts = wave.map(({ host }) => host)
      const soaks = hosts.every((host) => run.file.upgrade.canary.includes(host))
      try {
        await afterWave(run, { soaks, signal })
      } catch (error) {
        signal.throwIfAborted()
        for (const host of hosts) run.failures.set(host, error)
      }
    },
  }))
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

function step(one: Action, needs: readonly string[] | undefined): Phase<FleetRun> {
  return {
    name: one.kind,
    summary: one.why,
    ...(needs !== undefined && { needs }),
    skip: ({ failures }) => {
      if (failures.has(one.host)) return `${one.host} has failed before`
      return one.kind === 'upgrade' && failures.size > 0 ? 'the upgrade has stopped' : false
    },
    run: async (run, { signal }) => {
      const on = run.hosts.get(one.host)
      const wanted = run.file.hosts.find(({ name }) => name === one.host)
      if (on === undefined || wanted === undefined) throw new Error(`the plan has an action for "${one.host}", which is not there`)
      const tell = (kind: 'started' | 'done'): void => run.report({ host: one.host, event: { kind, phase: one.kind, at: new Date() } })
      tell('started')
      try {
        await steps[one.kind]({ run, wanted, on, signal })
        tell('done')
      } catch (error) {
        signal.throwIfAborted()
        // The others go on: one host that fails is no reason to leave the rest half done.
        run.failures.set(one.host, error)
        run.report({ host: one.host, event: { kind: 'failed', phase: one.kind, error, at: new Date() } })
      }
    },
  }
}

function fullName({ host, kind }: Action): string {
  return `hosts/${host}/${kind}`
}

function gateName(index: number): string {
  return `after-wave-${index + 1}`
}
