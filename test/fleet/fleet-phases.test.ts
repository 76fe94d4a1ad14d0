import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { fleetEvent, fleetPhases } from '../../src/fleet/apply/fleet-phases.ts'
import type { FleetRun } from '../../src/fleet/fleet-run.ts'
import type { Action } from '../../src/fleet/plan/decide.ts'
import type { FleetEvent } from '../../src/fleet/fleet-run.ts'
import type { ReachedHost } from '../../src/fleet/look/host-state.ts'
import { afterWave } from '../../src/fleet/apply/upgrade-host.ts'
import { localHost } from '../../src/host/local-host.ts'
import { runPhases } from '../../src/phases/runner.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { fileOf } from './planned.ts'
import { reachedHost } from './reached-host.ts'

const at = new Date(0)

test('what an apply tells of its own: actions by their host, what they come after on other hosts too, and what lies between waves', () => {
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

test('folders are nothing to tell of, and how an action ends it tells itself', () => {
  for (const phase of ['hosts', 'hosts/h1']) expect(fleetEvent({ kind: 'started', phase, needs: [], at })).toEqual([])
  for (const phase of ['hosts/h1/join', 'after-wave-1']) expect(fleetEvent({ kind: 'done', phase, at })).toEqual([])
})

test('what is gone for good is forgotten before others come, go or are upgraded', () => {
  const file = fileOf({ h1: 'control-plane', h2: 'lost', h3: 'absent', h4: 'worker' })
  const needs = (kind: Action['kind'], host: string): readonly string[] | undefined => {
    const actions: readonly Action[] = [
      { host: 'h2', kind: 'forget', why: '' },
      { host, kind, why: '' },
    ]
    const [hosts] = fleetPhases({ actions, file, hosts: new Map() })
    return hosts?.phases?.find(({ name }) => name === host)?.phases?.[0]?.needs
  }
  expect(needs('forget', 'h2')).toEqual([])
  for (const [kind, host] of [
    ['join', 'h4'],
    ['remove', 'h3'],
    ['upgrade', 'h1'],
  ] as const)
    expect(needs(kind, host)).toEqual(['hosts/h2/forget'])
})

test('who leaves waits for all who come, and control planes for each other besides', () => {
  const file = fileOf({ h1: 'control-plane', h2: 'absent', h3: 'absent', h4: 'absent', h5: 'worker', h6: 'control-plane' })
  const actions = (['h6 join', 'h5 join', 'h2 remove', 'h4 remove', 'h3 remove'] as const).map((text): Action => {
    const [host = '', kind] = text.split(' ')
    return { host, kind: kind as Action['kind'], why: '' }
  })
  const members = new Map(
    (['h2', 'h3', 'h4'] as const).map((name) => [name, { name, state: reachedHost({ node: name === 'h4' ? 'worker' : 'control-plane' }) }]),
  )
  const [hosts] = fleetPhases({ actions, file, hosts: members as unknown as FleetRun['hosts'] })
  const arrivals = ['hosts/h6/join', 'hosts/h5/join']
  expect(hosts?.phases?.map(({ name, phases }) => [name, phases?.[0]?.needs])).toEqual([
    ['h6', []],
    ['h5', []],
    ['h2', arrivals],
    ['h4', arrivals],
    ['h3', [...arrivals, 'hosts/h2/remove']],
  ])
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
  const skipped = hosts?.phases?.flatMap(({ name, phases = [] }) => phases.map(async (action) => [name, await action.skip?.(run)]))
  expect(await Promise.all(skipped ?? [])).toEqual([
    ['h6', 'h6 has failed before'],
    ['h3', 'h6 has not come in'],
    ['h4', false],
  ])
})

describe('an upgrade that is gone on with', () => {
  const newer = 'v1.37.2'
  const done = { controlPlane: newer, node: 'control-plane' } as const
  const old = { kubelet: 'v1.36.3', node: 'worker' } as const
  const canaryDone = { h1: done, h2: { node: 'worker' }, h3: old, h4: old, h5: old } as const

  test.each<{ readonly when: string; readonly states: States; readonly first: readonly string[] }>([
    { when: 'when control planes alone are done', states: { h1: done, h2: old, h3: old }, first: ['before-wave-1'] },
    { when: 'when the canary is done', states: canaryDone, first: ['before-wave-1'] },
    {
      when: 'also before the next control plane',
      states: { h1: done, h2: { node: 'control-plane', controlPlane: 'v1.36.3' }, h3: old },
      first: ['before-wave-1'],
    },
    { when: 'not when nobody is done', states: { h1: { node: 'control-plane', controlPlane: 'v1.36.3' }, h2: old }, first: [] },
    {
      when: 'not where a host was cut off: that mends it',
      states: { ...canaryDone, h3: { ...old, unfinished: 'upgrade node' } },
      first: [],
    },
  ])('is asked whether all is well before its first wave: $when', ({ states, first }) => {
    const { run } = scene(states)
    const phases = fleetPhases(run)
    const [one] = run.actions
    expect(phases.map(({ name }) => name).filter((name) => name.startsWith('before'))).toEqual(first)
    expect(phases[0]?.phases?.find(({ name }) => name === one?.host)?.phases?.[0]?.needs).toEqual(first)
  })

  test('is not begun again where the probe says no', async () => {
    const { run, told, asked } = scene(canaryDone)
    await walk(run)
    expect(asked).toHaveLength(1)
    expect([...run.failures.keys()]).toEqual(['h3'])
    expect(told).toEqual([
      'kadm before-wave-1 started',
      'kadm before-wave-1 failed',
      ...['h3 upgrade', 'kadm after-wave-1', 'h4 upgrade', 'kadm after-wave-2', 'h5 upgrade', 'kadm after-wave-3'].map(
        (one) => `${one} skipped: the upgrade has stopped`,
      ),
    ])
  })

  test('soaks once more where the canaries are the only workers that are done', async () => {
    const soaked = async (states: States, canary = ['h2']): Promise<boolean> => {
      const { run } = scene(states, { soak: '300ms', canary })
      const start = performance.now()
      await walk(run)
      return performance.now() - start >= 290
    }
    expect(await soaked(canaryDone)).toBe(true)
    expect(await soaked({ ...canaryDone, h3: { node: 'worker' } })).toBe(false)
    expect(await soaked({ ...canaryDone, h2: old })).toBe(false)
    // It comes after the last of them.
    expect(await soaked(canaryDone, ['h2', 'h3'])).toBe(false)
  })

  type States = Readonly<Record<string, Partial<ReachedHost>>>

  /** h2 is the canary. Due is who has not the newer version; the probe always says no. */
  function scene(states: States, upgrade: object = {}) {
    const roles = Object.fromEntries(Object.entries(states).map(([name, { node = 'none' }]) => [name, node]))
    const file = fileOf(roles, {}, { upgrade: { canary: roles['h2'] === 'worker' ? ['h2'] : [], probe: 'false', ...upgrade } })
    const hosts = new Map(Object.entries(states).map(([name, state]) => [name, { name, state: reachedHost(state) }]))
    const isDue = ({ controlPlane, kubelet }: ReachedHost): boolean => (controlPlane === '' ? kubelet : controlPlane) !== newer
    const actions = [...hosts.values()]
      .filter(({ state }) => isDue(state))
      .map(({ name }): Action => ({ host: name, kind: 'upgrade', why: '' }))
    const told: string[] = []
    const asked: unknown[] = []
    const run = {
      actions,
      file,
      hosts,
      folder: '/',
      failures: new Map<string, unknown>(),
      operator: { query: async (argv: unknown) => (asked.push(argv), { exitCode: 1, stdout: '', stderr: '' }) },
      report: ({ host, event }: FleetEvent) =>
        told.push(`${host} ${event.phase} ${event.kind}${'reason' in event ? `: ${event.reason}` : ''}`),
    } as unknown as FleetRun
    return { run, told, asked }
  }

  async function walk(run: FleetRun): Promise<void> {
    const { signal } = new AbortController()
    await runPhases(fleetPhases(run), run, { now: () => at, signal, report: (event) => fleetEvent(event).forEach(run.report) })
  }
})

test('the probe runs in the folder of the cluster file, whatever its name', async () => {
  const folder = path.join(await temporaryDirectory(), `a "b" $(c) 'd`)
  await mkdir(folder)
  await writeFile(path.join(folder, 'smoke.sh'), '#!/bin/sh\necho "in $PWD"\nexit "$1"\n')
  await chmod(path.join(folder, 'smoke.sh'), 0o755)
  const { signal } = new AbortController()
  const ask = (probe: string): Promise<void> =>
    afterWave(
      { file: fileOf({ h1: 'control-plane' }, {}, { upgrade: { probe } }), folder, operator: localHost() },
      { soaks: false, signal },
    )
  await ask('./smoke.sh 0')
  await expect(ask('./smoke.sh 3')).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: 'the upgrade stops here: the probe "./smoke.sh 3" exited with 3',
    details: [`in ${folder}`],
  })
})
