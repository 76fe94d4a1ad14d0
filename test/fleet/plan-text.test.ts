import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { fleetPlanText } from '../../src/cli/text/fleet-plan-text.ts'
import { showPlan } from '../../src/cli/run/run-plan.ts'
import { unreachable } from '../../src/fleet/look/host-state.ts'
import { parsePlan, type FleetPlan } from '../../src/fleet/plan/plan.ts'
import { running } from './planned.ts'
import { reachedHost } from './reached-host.ts'

const plan: FleetPlan = {
  apiVersion: 'kadm.dev/v1alpha1',
  kind: 'Plan',
  cluster: 'shop',
  kubernetesVersion: 'v1.37.2',
  file: { path: '/shop.yaml', sha256: 'x' },
  seen: { hosts: { h1: reachedHost({}) }, cluster: running('h1') },
  actions: [],
}

test('of a host that nobody could look at it is not said that nothing is to do', () => {
  expect(textOf(plan)).toBe('shop: nothing to do on 1 host\n')
  const hosts = { h1: reachedHost({}), h2: unreachable(new Error('refused')) }
  expect(textOf({ ...plan, seen: { ...plan.seen, hosts } })).toBe('shop: h2 of 2 hosts could not be looked at\n')
})

test('a cluster file in the place of a kept plan is told as one, and nothing is written over it', () => {
  expect(parsePlan(JSON.stringify(plan), 'plan.json')).toEqual(plan)
  for (const text of ['kind: Cluster\n', '{"kind":"Cluster"}', '', 'null']) {
    expect(() => parsePlan(text, 'shop.yaml')).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        remedy: [expect.stringMatching(/^kadm apply -f shop\.yaml/), expect.not.stringContaining('--out shop.yaml')],
      }),
    )
  }
  const remedy = [expect.stringMatching(/^kadm apply -f 'my shop\.yaml' /), expect.any(String)]
  expect(() => parsePlan('', 'my shop.yaml')).toThrow(expect.objectContaining({ remedy }))
})

test('a kept plan of another version is told as one', () => {
  const other = JSON.stringify({ ...plan, apiVersion: 'kadm.dev/v1alpha2' })
  expect(() => parsePlan(other, 'plan.json')).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/is a kept plan of apiVersion kadm\.dev\/v1alpha2: this kadm \(.*\) reads kadm\.dev\/v1alpha1$/),
    }),
  )
  expect(() => parsePlan('{"kind":"Plan","apiVersion":"other/v1"}', 'plan.json')).toThrow('is no kept plan')
})

test('a warning is told beside the JSON of a plan too, which is nothing but the plan', () => {
  const made = { plan, first: 'h1', problems: [], warnings: ['node "x" is not in the file'] }
  const shown = (output: 'text' | 'json'): readonly [string, string] => {
    const streams = { stdout: new PassThrough({ encoding: 'utf8' }), stderr: new PassThrough({ encoding: 'utf8' }) }
    showPlan(made, output, streams)
    return [String(streams.stdout.read() ?? ''), String(streams.stderr.read() ?? '')]
  }
  const [json, warnings] = shown('json')
  expect([JSON.parse(json), warnings]).toEqual([plan, 'WARNING: node "x" is not in the file\n'])
  expect(shown('text')).toEqual(['WARNING: node "x" is not in the file\nshop: nothing to do on 1 host\n', ''])
})

function textOf(of: FleetPlan): string {
  return fleetPlanText({ plan: of, first: 'h1', problems: [], warnings: [] })
}
