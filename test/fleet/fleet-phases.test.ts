import { expect, test } from 'vitest'
import { fleetEvent, fleetPhases } from '../../src/fleet/fleet-phases.ts'
import type { FleetRun } from '../../src/fleet/fleet-run.ts'
import type { Action } from '../../src/fleet/plan-actions.ts'
import { fileOf } from './planned.ts'

const at = new Date(0)

test('what an apply tells of its own steps: actions by their host, what they come after on other hosts too, and what lies between waves', () => {
  const started = (phase: string, ...needs: readonly string[]): unknown => fleetEvent({ kind: 'started', phase, needs, at })
  expect(started('hosts/h3/remove', 'hosts', 'hosts/h3', 'hosts/h3/mark', 'hosts/h2/remove')).toEqual([
    { host: 'h3', event: { kind: 'started', phase: 'remove', needs: ['mark', 'h2:remove'], at } },
  ])
  expect(started('after-wave-1', 'hosts/h2/upgrade')).toEqual([
    { host: 'kadm', event: { kind: 'started', phase: 'after-wave-1', needs: ['h2:upgrade'], at } },
  ])
  expect(started('hosts/h4/upgrade', 'after-wave-1')).toEqual([
    { host: 'h4', event: { kind: 'started', phase: 'upgrade', needs: ['kadm:after-wave-1'], at } },
  ])
  expect([...fleetEvent({ kind: 'skipped', phase: 'hosts/h4/upgrade', needs: [], reason: 'the upgrade has stopped', at })]).toEqual([
    { host: 'h4', event: { kind: 'skipped', phase: 'upgrade', needs: [], reason: 'the upgrade has stopped', at } },
  ])
})

test('folders are nothing to tell of, and how a step ends it tells itself', () => {
  for (const phase of ['hosts', 'hosts/h1']) expect(fleetEvent({ kind: 'started', phase, needs: [], at })).toEqual([])
  for (const phase of ['hosts/h1/join', 'after-wave-1']) expect(fleetEvent({ kind: 'done', phase, at })).toEqual([])
})

test('nobody leaves before all new ones are in: where one has failed, those who were to go stay', async () => {
  const actions: readonly Action[] = [
    { host: 'h6', kind: 'join', why: '' },
    { host: 'h3', kind: 'remove', why: '' },
    { host: 'h4', kind: 'mark', why: '' },
  ]
  const file = fileOf({ h6: 'control-plane', h3: 'absent', h4: 'worker' })
  const run = {
    actions,
    file,
    hosts: new Map(),
    failures: new Map<string, unknown>([['h6', new Error('no image')]]),
  } as unknown as FleetRun
  const [hosts] = fleetPhases(run)
  const skipped = hosts?.phases?.flatMap(({ name, phases = [] }) => phases.map(async (step) => [name, await step.skip?.(run)]))
  expect(await Promise.all(skipped ?? [])).toEqual([
    ['h6', 'h6 has failed before'],
    ['h3', 'h6 has not come in'],
    ['h4', false],
  ])
})
