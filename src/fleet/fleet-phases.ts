/**
 * The steps of an apply as a workflow of phases over all hosts: `hosts/h2/join`. Every host begins at once; a join waits inside, for the cluster that it
 * joins. Hosts leave only when all new ones are in, and control planes one after the other: etcd loses one member at a time.
 */
import type { Phase } from '../phases/phase.ts'
import type { FleetRun } from './fleet-run.ts'
import type { Action } from './plan-actions.ts'
import { steps } from './steps.ts'

export function fleetPhases({ actions, hosts: reached }: Pick<FleetRun, 'actions' | 'hosts'>): readonly Phase<FleetRun>[] {
  const names = [...new Set(actions.map(({ host }) => host))]
  const arrivals = actions.filter(({ kind }) => kind === 'init' || kind === 'join').map(fullName)
  const leaving = actions.filter(({ host, kind }) => kind === 'remove' && reached.get(host)?.state.node === 'control-plane').map(fullName)
  const hosts = names.map((name) => ({
    name,
    summary: `Bring ${name} to what the file says`,
    needs: [],
    phases: actions.filter(({ host }) => host === name).map((one, index) => step(one, needsOf(one, index, { arrivals, leaving }))),
  }))
  return [{ name: 'hosts', summary: 'All hosts side by side', needs: [], phases: hosts }]
}

function needsOf(one: Action, index: number, { arrivals, leaving }: { readonly arrivals: readonly string[]; readonly leaving: readonly string[] }): readonly string[] | undefined {
  if (one.kind !== 'remove') return index === 0 ? [] : undefined
  const before = leaving[leaving.indexOf(fullName(one)) - 1]
  return [...arrivals, ...(before === undefined ? [] : [before])]
}

function step(one: Action, needs: readonly string[] | undefined): Phase<FleetRun> {
  return {
    name: one.kind,
    summary: one.why,
    ...(needs !== undefined && { needs }),
    skip: ({ failures }) => (failures.has(one.host) ? `${one.host} has failed before` : false),
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
