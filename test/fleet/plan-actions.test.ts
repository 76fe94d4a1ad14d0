import { expect, test } from 'vitest'
import { parseClusterFile } from '../../src/config/cluster-file.ts'
import type { ClusterState, NodeState } from '../../src/fleet/cluster-state.ts'
import type { HostState, ReachedHost } from '../../src/fleet/host-state.ts'
import { hostChecks } from '../../src/fleet/fleet-checks.ts'
import { decide } from '../../src/fleet/plan-actions.ts'
import { waves } from '../../src/fleet/plan-upgrade.ts'
import { requireSame, type FleetPlan } from '../../src/fleet/plan.ts'
import { reachedHost } from './reached-host.ts'

const file = fileOf({ h1: 'control-plane', h2: 'control-plane', h3: 'worker' })

test('bare hosts: the first control plane makes the cluster, the others join it', () => {
  expect(planned(file, { h1: {}, h2: {}, h3: {} }, { kind: 'none' })).toEqual({ actions: ['h1 init', 'h2 join', 'h3 join'], problems: [] })
})

test('a cluster that is there: only what is missing', () => {
  const there = { node: 'control-plane', caHash: 'sha256:a' } as const
  expect(planned(file, { h1: there, h2: there, h3: { node: 'worker', caHash: 'sha256:a' } }, running('h1', 'h2', 'h3'))).toEqual({
    actions: [],
    problems: [],
  })
  expect(planned(file, { h1: there, h2: there, h3: {} }, running('h1', 'h2')).actions).toEqual(['h3 join'])
  // Made by the second control plane of the file: the first one joins.
  expect(planned(file, { h1: {}, h2: there, h3: {} }, running('h2')).actions).toEqual(['h1 join', 'h3 join'])
})

test('cut off runs are gone on with', () => {
  expect(planned(file, { h1: { unfinished: 'init' }, h2: {}, h3: { unfinished: 'join' } }, { kind: 'none' }).actions).toEqual([
    'h1 init',
    'h2 join',
    'h3 join',
  ])
  expect(
    planned(
      file,
      { h1: { unfinished: 'init', node: 'control-plane', caHash: 'sha256:a' }, h2: {}, h3: {} },
      { kind: 'unreachable', why: 'refused' },
    ),
  ).toEqual({
    actions: ['h1 init', 'h2 join', 'h3 join'],
    problems: [],
  })
})

test('labels and taints that are missing are set; those nobody named are left', () => {
  const marked = fileOf({ h1: 'control-plane', h3: 'worker' }, { labels: { a: 'b' }, taints: [{ key: 't', effect: 'NoSchedule' }] })
  const member = { h1: { node: 'control-plane', caHash: 'sha256:a' }, h3: { node: 'worker', caHash: 'sha256:a' } } as const
  expect(planned(marked, member, running('h1', 'h3')).actions).toEqual(['h3 mark'])
  const done = { name: 'h3', labels: { a: 'b' }, taints: [{ key: 't', effect: 'NoSchedule' }], isControlPlane: false, kubelet: 'v1.37.2' }
  const cluster = running('h1')
  expect(planned(marked, member, { ...cluster, nodes: [...cluster.nodes, done] }).actions).toEqual([])
})

test.each<{ readonly name: string; readonly hosts: Hosts; readonly cluster: ClusterState; readonly problem: string }>([
  {
    name: 'two clusters',
    hosts: { h1: { node: 'control-plane', caHash: 'sha256:a' }, h2: { node: 'control-plane', caHash: 'sha256:b' }, h3: {} },
    cluster: running('h1'),
    problem: 'different clusters: h1 | h2',
  },
  {
    name: 'a worker of a cluster elsewhere',
    hosts: { h1: {}, h2: {}, h3: { node: 'worker', caHash: 'sha256:a' } },
    cluster: { kind: 'none' },
    problem: 'in a cluster none of whose control planes is in the file',
  },
  {
    name: 'an API that is down',
    hosts: { h1: { node: 'control-plane', caHash: 'sha256:a' }, h2: {}, h3: {} },
    cluster: { kind: 'unreachable', why: 'refused' },
    problem: 'its API does not answer: refused',
  },
  {
    name: 'another role',
    hosts: { h1: { node: 'control-plane', caHash: 'sha256:a' }, h2: { node: 'worker', caHash: 'sha256:a' }, h3: {} },
    cluster: running('h1', 'h2'),
    problem: 'h2 is a worker, and the file wants a control-plane',
  },
  {
    name: 'no Node',
    hosts: { h1: { node: 'control-plane', caHash: 'sha256:a' }, h2: {}, h3: { node: 'worker', caHash: 'sha256:a' } },
    cluster: running('h1'),
    problem: 'h3 was a node once',
  },
])('stands in the way: $name', ({ hosts, cluster, problem }) => {
  expect(planned(file, hosts, cluster).problems.join('\n')).toContain(problem)
})

test('a host that cannot be reached stands in the way, unless it is to be absent and is gone already', () => {
  const states = new Map<string, HostState>([
    ['h1', reachedHost({ node: 'control-plane', caHash: 'sha256:a' })],
    ['h3', { kind: 'unreachable', why: 'no route' }],
  ])
  expect(decide(fileOf({ h1: 'control-plane', h3: 'worker' }), states, running('h1')).problems).toEqual(['h3 cannot be reached: no route'])
  expect(decide(fileOf({ h1: 'control-plane', h3: 'absent' }), states, running('h1'))).toMatchObject({ actions: [], problems: [] })
  expect(decide(fileOf({ h1: 'control-plane', h3: 'absent' }), states, running('h1', 'h3')).problems).toEqual([
    'h3 is to leave the cluster and cannot be reached: no route',
  ])
})

test('hosts that are twins, clocks apart, addresses in a range of the cluster, kubelets too new and too old', () => {
  const states = new Map<string, HostState>([
    ['h1', reachedHost({ machineId: 'm', kubelet: 'v1.38.0' })],
    ['h2', reachedHost({ machineId: 'm', clockAhead: 61_000, kubelet: 'v1.33.1' })],
    ['h3', reachedHost({ addresses: ['10.96.0.9'], kubelet: '' })],
  ])
  const arriving = ['h1', 'h2', 'h3'].map((host) => ({ host, kind: 'join', why: '' }) as const)
  const { errors } = hostChecks(file, states, arriving)
  const wanted = [
    'h1 and h2 have the same /etc/machine-id',
    'the clock of h2 is 61.0 s ahead',
    'h3 has the address 10.96.0.9',
    'h1 has kubelet v1.38.0, newer',
    'h2 has kubelet v1.33.1, more than three',
    'h3 has no kubelet',
  ]
  expect(wanted.filter((text) => !errors.some((error) => error.includes(text)))).toEqual([])
  expect(hostChecks(file, states, []).errors.filter((text) => text.includes('kubelet'))).toEqual([])
})

test('an upgrade: the first control plane, the others, canaries, the rest; nothing else beside it', () => {
  const roles = { h1: 'control-plane', h2: 'control-plane', h3: 'worker', h4: 'worker', h5: 'worker', h6: 'worker', h7: 'worker' }
  const wanted = { ...fileOf(roles), upgrade: { maxUnavailable: '2', canary: ['h5'], soak: 0 } }
  const old = (name: string): NodeState => ({ name, isControlPlane: false, kubelet: 'v1.36.3', labels: {}, taints: [] })
  const cluster = { ...running(), kubernetesVersion: 'v1.36.3', nodes: ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map(old) }
  const member = (node: 'worker' | 'control-plane'): Partial<ReachedHost> => ({
    node,
    caHash: 'sha256:a',
    hasWantedKubelet: true,
    ...(node === 'control-plane' && { controlPlane: 'v1.36.3' }),
  })
  const hosts = {
    h1: member('control-plane'),
    h2: member('control-plane'),
    h3: member('worker'),
    h4: member('worker'),
    h5: member('worker'),
    h6: { ...member('worker'), hasWantedKubelet: false },
    h7: {},
  }
  expect(planned(wanted, hosts, cluster)).toEqual({
    actions: ['h1 upgrade', 'h2 upgrade', 'h5 upgrade', 'h3 upgrade', 'h4 upgrade'],
    problems: [],
  })
  // Cut off after the first control plane: what is there counts, not what the cluster says of itself.
  const later = { ...cluster, kubernetesVersion: 'v1.37.2', nodes: [{ ...old('h1'), kubelet: 'v1.37.2' }, ...cluster.nodes.slice(1)] }
  expect(planned(wanted, { ...hosts, h1: { ...member('control-plane'), controlPlane: 'v1.37.2' } }, later).actions).toEqual([
    'h2 upgrade',
    'h5 upgrade',
    'h3 upgrade',
    'h4 upgrade',
  ])
  expect(planned({ ...wanted, kubernetesVersion: 'v1.35.4' }, hosts, cluster).problems.join()).toContain('there is no way back')
})

test.each([
  { maxUnavailable: '2', total: 5, expected: [['c'], ['a', 'b'], ['d', 'e']] },
  { maxUnavailable: '10%', total: 5, expected: [['c'], ['a'], ['b'], ['d'], ['e']] },
  { maxUnavailable: '60%', total: 5, expected: [['c'], ['a', 'b', 'd'], ['e']] },
])('waves of $maxUnavailable of $total, the canary first', ({ maxUnavailable, total, expected }) => {
  expect(waves(['a', 'b', 'c', 'd', 'e'], { maxUnavailable, canary: ['c'], soak: 0 }, total)).toEqual(expected)
})

test('a kept plan is refused with what has changed', () => {
  const plan: FleetPlan = {
    apiVersion: 'kadm.dev/v1alpha1',
    kind: 'Plan',
    cluster: 'c',
    file: { path: '/c.yaml', sha256: 'x' },
    seen: { hosts: { h1: reachedHost({}) }, cluster: running('h1') },
    actions: [],
  }
  requireSame(plan, structuredClone(plan))
  const later = { ...plan, seen: { hosts: { h1: reachedHost({ node: 'worker' }) }, cluster: running('h1', 'h9') } }
  expect(() => requireSame(plan, later)).toThrow(
    expect.objectContaining({
      code: 'PLAN_STALE',
      details: [
        expect.stringContaining('hosts.h1.node was "none", is "worker"'),
        expect.stringContaining('cluster.nodes.h9 was not there'),
      ],
    }),
  )
})

type Hosts = Readonly<Record<string, Partial<ReachedHost>>>

function planned(
  wanted: typeof file,
  hosts: Hosts,
  cluster: ClusterState,
): { readonly actions: readonly string[]; readonly problems: readonly string[] } {
  const states = new Map(Object.entries(hosts).map(([name, state]) => [name, reachedHost({ hostname: name, ...state })]))
  const { actions, problems } = decide(wanted, states, cluster)
  return { actions: actions.map(({ host, kind }) => `${host} ${kind}`), problems }
}

function running(...names: readonly string[]): Extract<ClusterState, { kind: 'running' }> {
  const nodes = names.map((name): NodeState => ({ name, isControlPlane: true, kubelet: 'v1.37.2', labels: {}, taints: [] }))
  return { kind: 'running', server: 'https://lb:6443', kubernetesVersion: 'v1.37.2', nodes }
}

function fileOf(roles: Readonly<Record<string, string>>, worker: object = {}): ReturnType<typeof parseClusterFile> {
  const hosts = Object.entries(roles).map(([name, role], index) => ({
    name,
    role,
    address: `192.168.7.${index + 1}`,
    ...(role === 'worker' && worker),
  }))
  const spec = { kubernetesVersion: 'v1.37.2', controlPlaneEndpoint: 'lb:6443', hosts }
  return parseClusterFile(JSON.stringify({ apiVersion: 'kadm.dev/v1alpha1', kind: 'Cluster', metadata: { name: 'c' }, spec }), 'c.yaml')
}
