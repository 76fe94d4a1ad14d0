/** What an apply comes to before and after the actions on the hosts. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { KadmError } from '../../src/errors.ts'
import { applyPlan, type ApplyInput } from '../../src/fleet/apply/apply.ts'
import { controlPlanesBeside } from '../../src/fleet/apply/cluster-access.ts'
import { fleetFailed } from '../../src/fleet/fleet-failed.ts'
import type { HostState } from '../../src/fleet/look/host-state.ts'
import { unreachable } from '../../src/fleet/look/host-state.ts'
import type { Action } from '../../src/fleet/plan/decide.ts'
import { localHost } from '../../src/host/local-host.ts'
import type { Host } from '../../src/host/host.ts'
import { sharedControlPlane } from '../support/control-plane.ts'
import { fileOf, running } from './planned.ts'
import { reachedHost } from './reached-host.ts'

const controlPlane = sharedControlPlane()
const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: 'kube-system', name: 'kadm' }

test('a stop gives the Lease of the cluster back', async (context) => {
  const plane = await controlPlane(context)
  const admin = plane.connect('super-admin')
  const conf = await readFile(path.join(plane.dir, 'super-admin.conf'), 'utf8')
  const stop = new AbortController()
  let held: unknown
  const host = {
    ...localHost(),
    readText: async () => conf,
    // The last thing before the actions.
    lock: async () => {
      held = await admin.get(lease)
      stop.abort(new Error('Ctrl-C'))
      throw stop.signal.reason
    },
  }
  await expect(applyPlan({ ...inputOf({ h1: host }, [mark('h1')]), signal: stop.signal })).rejects.toThrow('Ctrl-C')
  expect(held).toMatchObject({ spec: { holderIdentity: 'ann@desk' } })
  expect(await admin.get(lease)).toBeUndefined()
})

test('a plan whose first control plane is not reached is not done, and that is told', async () => {
  await expect(applyPlan(inputOf({}, [mark('h2')]))).rejects.toMatchObject({
    code: 'PREFLIGHT_FAILED',
    message: expect.stringMatching(/^nothing was changed: h1 .* is not reached$/),
  })
  await applyPlan(inputOf({}, []))
})

test('of the control planes there are those that stay and those that leave; who only calls itself one is none', () => {
  const on = (name: string, node: 'control-plane' | 'worker' = 'control-plane') =>
    [name, { name, host: { ...localHost(), name }, state: reachedHost({ node }) }] as const
  const hosts = new Map([on('h1'), on('h2'), on('h3'), on('h4', 'worker'), on('h5')])
  const file = fileOf({ h1: 'control-plane', h2: 'absent', h3: 'control-plane', h4: 'absent', h5: 'worker' })
  const actions: readonly Action[] = [mark('h3'), { host: 'h2', kind: 'remove', why: '' }, { host: 'h4', kind: 'remove', why: '' }]
  const { others, leaving } = controlPlanesBeside({ name: 'h1' }, { file, hosts, actions })
  expect([others, leaving].map((list) => list.map(({ name }) => name))).toEqual([['h3'], ['h2']])
})

test('what failed is told with who waited for it, and who was not begun', () => {
  const cause = new KadmError('COMMAND_FAILED', 'no', { remedy: ['mend it'] })
  const failures = new Map<string, unknown>([
    ['h3', cause],
    ['h4', cause],
  ])
  const { hosts } = fileOf({ h1: 'control-plane', h3: 'worker', h4: 'worker' })
  expect(fleetFailed(failures, hosts, new Set(['h4', 'h7', 'h8']))).toMatchObject({
    message: '2 hosts have not come to what the file says: h3, h4',
    details: ['h3: no [COMMAND_FAILED]', '  (h4 waited for it)', 'not begun: h7, h8'],
  })
  expect(fleetFailed(failures, hosts).details.at(-1)).toBe('  (h4 waited for it)')
})

function mark(host: string): Action {
  return { host, kind: 'mark', why: '' }
}

/** @param hosts those that are reached; h1 is the first control plane of the file */
function inputOf(hosts: Readonly<Record<string, Host>>, actions: readonly Action[]): ApplyInput {
  const file = fileOf({ h1: 'control-plane', h2: 'worker' })
  const states = new Map(
    file.hosts.map(({ name }): [string, HostState] => [
      name,
      hosts[name] === undefined ? unreachable(new Error('refused')) : reachedHost({ node: 'control-plane' }),
    ]),
  )
  const seen = { hosts: Object.fromEntries(states), cluster: running('h1', 'h2') }
  const plan = {
    apiVersion: '',
    kind: 'Plan',
    cluster: 'c',
    kubernetesVersion: 'v1.37.2',
    file: { path: '/c.yaml', sha256: '' },
    seen,
    actions,
  } as const
  return {
    fleet: { hosts: new Map(Object.entries(hosts)), states, close: async () => {} },
    made: { plan, file, first: 'h1', problems: [], warnings: [] },
    tokens: false,
    networkManifest: undefined,
    owner: 'ann@desk',
    wait: 0,
    report: () => {},
    operator: localHost(),
    signal: new AbortController().signal,
  }
}
