/** A run of `npm run chaos` of a seed that is new each time, or two: what broke an apply is gone, a second one finishes it. */
import { beforeAll, expect, test } from 'vitest'
import { applies, type Stage } from '../../tools/chaos/applies.ts'
import { chances } from '../../tools/chaos/chances.ts'
import { draw, drawText, usualApplies } from '../../tools/chaos/draw.ts'
import { lastingDifferences } from '../../tools/chaos/outcome.ts'
import { chaosRun, unbrokenRun, type Unbroken } from '../../tools/chaos/run.ts'
import { kubectl, sharedSandbox } from '../support/cluster.ts'
import { fleetOperator } from '../support/fleet-operator.ts'
import { isLongRun } from '../support/long-run.ts'
import { folderOfFile } from '../support/temporary.ts'

const folder = folderOfFile('chaos')

let stage: Stage
let unbroken: Unbroken

beforeAll(async () => {
  const sandbox = await sharedSandbox({ hosts: 2 })
  stage = { sandbox, operator: fleetOperator(sandbox, folder) }
  unbroken = await unbrokenRun(stage, 'make')
}, 300_000)

// A seed of its own each time; the name of the test says it, for `npm run chaos -- --apply make --runs 1 --seed`.
test.for((isLongRun ? [1, 2] : [1]).map(() => draw(Math.floor(Math.random() * 1e6), ['make'])))(
  '$apply, seed $seed',
  { timeout: 500_000 },
  async (drawn) => {
    const { failures } = await chaosRun(stage, drawn, unbroken)
    expect(failures.join('\n'), drawText(drawn)).toBe('')
  },
)

test('what is left over or missing is told', { timeout: 60_000 }, async () => {
  const { sandbox, operator } = stage
  const file = await operator.write(applies.make.to.roles)
  await sandbox.run('h2', ['sh', '-c', 'echo x >/etc/kubernetes/.x.kadm-1; echo more >>/var/lib/kubelet/kubeadm-flags.env'])
  await kubectl(sandbox, 'h1', ['-n', 'kube-system', 'create', 'secret', 'generic', 'bootstrap-token-abcdef'])
  await kubectl(sandbox, 'h1', ['label', 'node', 'h2', 'example.com/kind-'])
  await kubectl(sandbox, 'h1', ['create', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'kadm', namespace: 'kube-system' } }),
  })
  const told = await lastingDifferences(stage, { apply: applies.make, file, expected: unbroken.outcome, patience: 0 })
  expect(told.map((line) => line.split(/ \d+:\n|:\n/)[0])).toEqual([
    'h2 /etc/kubernetes/.x.kadm-1',
    'h2 /var/lib/kubelet/kubeadm-flags.env',
    'h2 leftovers',
    'lease of kadm',
    'Node /h2',
    'Secret kube-system/bootstrap-token-<id>',
  ])
})

test('a seed says all: the same one draws the same, its neighbour something else', () => {
  expect(draw(7, usualApplies)).toEqual(draw(7, usualApplies))
  const faults = new Set(Array.from({ length: 40 }, (_, seed) => draw(seed, usualApplies).fault))
  expect([...faults].toSorted()).toEqual(['disk', 'kill', 'link', 'power'])
  const { between } = chances(1)
  const drawn = Array.from({ length: 1000 }, () => between(2, 4))
  expect([Math.min(...drawn) >= 2, Math.max(...drawn) < 4]).toEqual([true, true])
  expect(drawn.reduce((sum, one) => sum + one, 0) / 1000).toBeCloseTo(3, 0)
})
