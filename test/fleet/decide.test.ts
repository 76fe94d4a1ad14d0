import { expect, test } from 'vitest'
import type { ClusterState } from '../../src/fleet/look/cluster-state.ts'
import type { HostState } from '../../src/fleet/look/host-state.ts'
import { decide, firstControlPlane } from '../../src/fleet/plan/decide.ts'
import { requireSame, type FleetPlan } from '../../src/fleet/plan/plan.ts'
import { fileOf, planned, running, type Hosts } from './planned.ts'
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

test('an init that is gone on with says nothing yet of the marks of a node that is in already: they are set again', () => {
  const marked = fileOf({ h1: 'control-plane', h3: 'worker' }, { labels: { a: 'b' } })
  const hosts = { h1: { unfinished: 'init', caHash: 'sha256:a' }, h3: { node: 'worker', caHash: 'sha256:a' } } as const
  expect(planned(marked, hosts, { kind: 'none' })).toEqual({ actions: ['h1 init', 'h3 mark'], problems: [] })
})

test('the pod network is a part of init', () => {
  const wanted = fileOf({ h1: 'control-plane' }, {}, { network: { manifest: 'net.yaml' } })
  const { actions } = decide(wanted, new Map([['h1', reachedHost({ unfinished: 'init' })]]), { kind: 'none' })
  expect(actions).toEqual([{ host: 'h1', kind: 'init', why: 'an init was cut off here, with the pod network of net.yaml' }])
})

test('a host that is to be absent is rid of what a join has left that was cut off', () => {
  const wanted = fileOf({ h1: 'control-plane', h2: 'absent', h3: 'absent' })
  const hosts = { h1: { node: 'control-plane', caHash: 'sha256:a' }, h2: { unfinished: 'join' }, h3: {} } as const
  expect(planned(wanted, hosts, running('h1')).actions).toEqual(['h2 remove'])
})

test('labels and taints that are missing are set; those nobody named are left', () => {
  const marked = fileOf({ h1: 'control-plane', h3: 'worker' }, { labels: { a: 'b' }, taints: [{ key: 't', effect: 'NoSchedule' }] })
  const member = { h1: { node: 'control-plane', caHash: 'sha256:a' }, h3: { node: 'worker', caHash: 'sha256:a' } } as const
  expect(planned(marked, member, running('h1', 'h3')).actions).toEqual(['h3 mark'])
  const done = { name: 'h3', labels: { a: 'b' }, taints: [{ key: 't', effect: 'NoSchedule' }], isControlPlane: false, kubelet: 'v1.37.2' }
  const cluster = running('h1')
  expect(planned(marked, member, { ...cluster, nodes: [...cluster.nodes, done] }).actions).toEqual([])
})

test('of a machine that is gone for good the cluster is rid first, also where an upgrade is due', () => {
  const wanted = fileOf({ h1: 'control-plane', h2: 'lost', h3: 'lost', h4: 'worker' })
  const states = new Map<string, HostState>([
    ['h1', reachedHost({ node: 'control-plane', controlPlane: 'v1.37.2', caHash: 'sha256:a' })],
    ['h2', { kind: 'lost' }],
    ['h3', { kind: 'lost' }],
    ['h4', reachedHost({})],
  ])
  const actionsOf = (cluster: ClusterState): readonly string[] =>
    decide(wanted, states, cluster).actions.map(({ host, kind }) => `${host} ${kind}`)
  expect(actionsOf(running('h1'))).toEqual(['h4 join'])
  expect(actionsOf(running('h1', 'h2'))).toEqual(['h2 forget', 'h4 join'])
  expect(actionsOf({ ...running('h1'), lostMembers: ['h3'] })).toEqual(['h3 forget', 'h4 join'])
  expect(actionsOf({ ...running('h1', 'h3'), kubernetesVersion: 'v1.36.3' })).toEqual(['h3 forget', 'h1 upgrade'])
  expect(decide(wanted, states, { ...running('h1', 'h3'), lostMembers: ['h3'] }).actions[0]?.why).toBe(
    'its machine is gone, and the cluster has a member of etcd and a Node of it',
  )
})

test('a node that a removal has cordoned takes Pods again when the file wants it; what an upgrade has cordoned is its own', () => {
  const there = { h1: { node: 'control-plane', caHash: 'sha256:a' }, h3: { node: 'worker', caHash: 'sha256:a' } } as const
  const cluster = running('h1')
  const cordoned = {
    ...cluster,
    nodes: [...cluster.nodes, { name: 'h3', labels: {}, taints: [], isControlPlane: false, kubelet: 'v1.37.2', cordoned: true }],
  } as const
  const wanted = fileOf({ h1: 'control-plane', h3: 'worker' })
  expect(planned(wanted, there, cordoned).actions).toEqual(['h3 mark'])
  expect(planned(wanted, { ...there, h3: { ...there.h3, unfinished: 'upgrade node' } }, cordoned).actions).toEqual(['h3 upgrade'])
  // The mark itself was cut off, before the last that it does.
  expect(planned(wanted, { ...there, h3: { ...there.h3, unfinished: 'mark' } }, cordoned).actions).toEqual(['h3 mark'])
  expect(planned(fileOf({ h1: 'control-plane', h3: 'absent' }), there, cordoned).actions).toEqual(['h3 remove'])
})

test('a removal that was cut off inside its reset is gone on with, or stands in the way: the host is no node any more', () => {
  const h1 = { node: 'control-plane', caHash: 'sha256:a', controlPlane: 'v1.37.2' } as const
  const wanted = fileOf({ h1: 'control-plane', h2: 'control-plane', h3: 'worker' })
  const cutOff = ['h2', 'h3'].map((name) =>
    expect.stringContaining(
      `a removal of ${name} was cut off: make it "role: absent" once more, or reset it\n    kadm reset --host USER@192`,
    ),
  )
  const half = { h2: { ...h1, unfinished: 'reset' }, h3: { node: 'worker', caHash: 'sha256:a', unfinished: 'reset' } } as const
  const cluster = running('h1', 'h2', 'h3')
  expect(planned(wanted, { h1, ...half }, cluster)).toEqual({ actions: [], problems: cutOff })
  // Nor is anything upgraded before that: a kubelet would be started again.
  expect(planned(wanted, { h1, ...half }, { ...cluster, kubernetesVersion: 'v1.36.3' }).problems).toEqual(cutOff)
  // The one that is asked about the cluster is another.
  expect(
    firstControlPlane(
      wanted,
      new Map([
        ['h1', reachedHost(half.h2)],
        ['h2', reachedHost(h1)],
      ]),
    ),
  ).toBe('h2')
  const absent = fileOf({ h1: 'control-plane', h2: 'absent', h3: 'absent' })
  expect(planned(absent, { h1, ...half }, cluster)).toEqual({ actions: ['h2 remove', 'h3 remove'], problems: [] })
  expect(planned(absent, { h1, h2: {}, h3: { unfinished: 'reset' } }, running('h1')).actions).toEqual(['h3 remove'])
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
    name: 'an administrator that the API does not know any more',
    hosts: { h1: { node: 'control-plane', caHash: 'sha256:a' }, h2: {}, h3: {} },
    cluster: { kind: 'unreachable', why: 'Unauthorized', code: 'API_REFUSED', remedy: ['kadm certs renew admin.conf'] },
    problem: 'its API refuses to say what it is: Unauthorized [API_REFUSED]\n    kadm certs renew admin.conf',
  },
  {
    name: 'an etcd that does not answer',
    hosts: { h1: { node: 'control-plane', caHash: 'sha256:a' }, h2: {}, h3: {} },
    cluster: { kind: 'unreachable', why: 'refused', code: 'ETCD_FAILED', remedy: ['mend it'] },
    problem: 'its etcd cannot be asked: refused [ETCD_FAILED]\n    mend it',
  },
  {
    name: 'another role',
    hosts: { h1: { node: 'control-plane', caHash: 'sha256:a' }, h2: { node: 'worker', caHash: 'sha256:a' }, h3: {} },
    cluster: running('h1', 'h2'),
    problem: 'h2 is a worker, and the file wants a control-plane',
  },
  {
    name: 'an undo that was cut off',
    hosts: { h1: { node: 'control-plane', caHash: 'sha256:a' }, h2: {}, h3: { unfinished: 'undo' } },
    cluster: running('h1'),
    problem: 'kadm undo -f FILE --host h3   # first',
  },
  {
    name: 'an init of another cluster that was cut off',
    hosts: { h1: { node: 'control-plane', caHash: 'sha256:a' }, h2: {}, h3: { unfinished: 'init' } },
    cluster: running('h1'),
    problem: 'h3 has a "kadm init" that was not finished\n    kadm reset --host USER@192.168.7.3   # first',
  },
  {
    name: 'an undo of all that was cut off',
    hosts: { h1: { node: 'control-plane', caHash: 'sha256:a' }, h2: {}, h3: { unfinished: 'undo --all' } },
    cluster: running('h1'),
    problem: 'kadm undo -f FILE --host h3 --all   # first',
  },
  {
    name: 'no Node',
    hosts: { h1: { node: 'control-plane', caHash: 'sha256:a' }, h2: {}, h3: { node: 'worker', caHash: 'sha256:a' } },
    cluster: running('h1'),
    problem: 'has no Node of that name\n    kadm reset --host USER@192.168.7.3   # first',
  },
  {
    name: 'an undo that was cut off',
    hosts: { h1: { node: 'control-plane', caHash: 'sha256:a' }, h2: { unfinished: 'undo' }, h3: {} },
    cluster: running('h1'),
    problem: 'h2 has a "kadm undo" that was not finished\n    kadm undo -f FILE --host h2   # first',
  },
])('stands in the way: $name', ({ hosts, cluster, problem }) => {
  expect(planned(file, hosts, cluster).problems.join('\n')).toContain(problem)
})

test('a worker whose files say control plane stands in the way, whatever its journal says, and where an upgrade is due', () => {
  const there = { node: 'control-plane', caHash: 'sha256:a', controlPlane: 'v1.37.2' } as const
  const wanted = fileOf({ h1: 'control-plane', h3: 'worker' })
  const cluster = running('h1', 'h3')
  for (const unfinished of ['join', 'init', 'upgrade node', 'upgrade apply'])
    for (const kubernetesVersion of ['v1.37.2', 'v1.36.3'])
      expect(planned(wanted, { h1: there, h3: { ...there, unfinished } }, { ...cluster, kubernetesVersion }).problems).toEqual([
        'h3 is a control-plane, and the file wants a worker: make it "role: absent" first',
      ])
  expect(planned(wanted, { h1: there, h3: { node: 'worker', caHash: 'sha256:a', unfinished: 'join' } }, cluster)).toEqual({
    actions: ['h3 join'],
    problems: [],
  })
})

test('a host that cannot be reached stands in the way, unless it is to be absent and is gone already', () => {
  const states = new Map<string, HostState>([
    ['h1', reachedHost({ node: 'control-plane', caHash: 'sha256:a' })],
    ['h3', { kind: 'unreachable', why: 'no route', remedy: ['ip route get 192.168.7.3'] }],
  ])
  expect(decide(fileOf({ h1: 'control-plane', h3: 'worker' }), states, running('h1')).problems).toEqual([
    'h3 cannot be reached: no route\n    ip route get 192.168.7.3',
  ])
  expect(decide(fileOf({ h1: 'control-plane', h3: 'absent' }), states, running('h1'))).toMatchObject({ actions: [], problems: [] })
  expect(decide(fileOf({ h1: 'control-plane', h3: 'absent' }), states, running('h1', 'h3')).problems).toEqual([
    'h3 is to leave the cluster and cannot be reached: no route\n    ip route get 192.168.7.3\n    role: lost   # in the file, if its machine is gone for good',
  ])
  expect(decide(fileOf({ h1: 'control-plane', h3: 'worker' }), states, running('h1', 'h3')).problems.join()).toContain(
    'role: lost   # in the file, if its machine is gone for good',
  )
})

test('a machine that is another Node than its name in the file says is not touched, whatever its role', () => {
  const h1 = { node: 'control-plane', nodeName: 'h1', caHash: 'sha256:a' } as const
  const h4 = { node: 'worker', nodeName: 'h4', caHash: 'sha256:a' } as const
  const isNode = (name: string): string => `the machine at the address of ${name} is Node "h4"`
  for (const roles of [
    { h4: 'worker', old: 'absent' },
    { h4: 'absent', old: 'worker' },
  ]) {
    const wanted = fileOf({ h1: 'control-plane', ...roles })
    const { actions, problems } = planned(wanted, { h1, h4, old: h4 }, running('h1', 'h4', 'old'))
    expect([actions.includes('old remove'), problems.join()]).toEqual([false, expect.stringContaining(isNode('old'))])
  }
  // Only renamed in the file: its cluster still has it by the old name.
  expect(planned(fileOf({ h1: 'control-plane', h5: 'worker' }), { h1, h5: h4 }, running('h1', 'h4')).problems).toEqual([
    expect.stringContaining(isNode('h5')),
  ])
})

test('a bare machine with the name of a Node takes its place', () => {
  const h1 = { node: 'control-plane', caHash: 'sha256:a' } as const
  const states = new Map([
    ['h1', reachedHost(h1)],
    ['h2', reachedHost({})],
  ])
  expect(decide(fileOf({ h1: 'control-plane', h2: 'worker' }), states, running('h1', 'h2')).actions).toEqual([
    { host: 'h2', kind: 'join', why: expect.stringContaining('takes the place of the one that is gone'), replaces: true },
  ])
  // Its own join was cut off: the Node, and the member of etcd, may still be those of the one that is gone.
  states.set('h2', reachedHost({ unfinished: 'join' }))
  expect(decide(fileOf({ h1: 'control-plane', h2: 'worker' }), states, running('h1', 'h2')).actions).toEqual([
    { host: 'h2', kind: 'join', why: 'a join was cut off here', replaces: true },
  ])
  expect(decide(fileOf({ h1: 'control-plane', h2: 'worker' }), states, running('h1')).actions).toEqual([
    { host: 'h2', kind: 'join', why: 'a join was cut off here' },
  ])
})

test('a control plane without admin.conf is no worker, and nothing is done before it has one again', () => {
  const there = { node: 'control-plane', caHash: 'sha256:a' } as const
  const hosts = { h1: there, h2: { ...there, lacksAdminConf: true }, h3: {} } as const
  const flags = '--kubernetes-version v1.37.2 --control-plane-endpoint lb:6443 --host USER@192.168.7.2'
  expect(planned(file, hosts, running('h1', 'h2')).problems).toEqual([
    `h2 is a control plane without /etc/kubernetes/admin.conf\n    kadm init phase kubeconfig admin ${flags}   # for h2`,
  ])
})

test('a kept plan is refused with what has changed', () => {
  const plan: FleetPlan = {
    apiVersion: 'kadm.dev/v1alpha1',
    kind: 'Plan',
    cluster: 'c',
    kubernetesVersion: 'v1.37.2',
    file: { path: '/my c.yaml', sha256: 'x' },
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
      remedy: [expect.stringMatching(/^kadm plan -f '\/my c\.yaml' --out PLAN /)],
    }),
  )
})

test.each<{ readonly name: string; readonly change: (plan: FleetPlan) => FleetPlan; readonly difference: string }>([
  {
    name: 'one of two taints',
    change: (plan) => withTaints(plan, 'b'),
    difference: 'cluster.nodes.h1.taints was',
  },
  {
    name: 'the version that a file without one gets from this kadm',
    change: (plan) => ({ ...plan, kubernetesVersion: 'v1.38.0' }),
    difference: 'kubernetesVersion was "v1.37.2", is "v1.38.0"',
  },
  {
    name: 'the manifest of the pod network',
    change: (plan) => ({ ...plan, file: { ...plan.file, networkSha256: 'z' } }),
    difference: 'network was "y", is "z"',
  },
])('a kept plan is refused when this has changed: $name', ({ change, difference }) => {
  const plan = withTaints(
    {
      apiVersion: 'kadm.dev/v1alpha1',
      kind: 'Plan',
      cluster: 'c',
      kubernetesVersion: 'v1.37.2',
      file: { path: '/c.yaml', sha256: 'x', networkSha256: 'y' },
      seen: { hosts: {}, cluster: running('h1') },
      actions: [],
    },
    'a',
    'b',
  )
  expect(() => requireSame(plan, change(plan))).toThrow(
    expect.objectContaining({ code: 'PLAN_STALE', details: [expect.stringContaining(difference)] }),
  )
})

function withTaints(plan: FleetPlan, ...keys: readonly string[]): FleetPlan {
  const cluster = running('h1')
  const taints = keys.map((key) => ({ key, effect: 'NoSchedule' }))
  return { ...plan, seen: { ...plan.seen, cluster: { ...cluster, nodes: cluster.nodes.map((node) => ({ ...node, taints })) } } }
}
