import { expect, test } from 'vitest'
import type { NodeState } from '../../src/fleet/look/cluster-state.ts'
import type { HostState, ReachedHost } from '../../src/fleet/look/host-state.ts'
import { decide, firstControlPlane } from '../../src/fleet/plan/decide.ts'
import { waves, withRunningVersion } from '../../src/fleet/plan/plan-upgrade.ts'
import { fileOf, planned, running } from './planned.ts'
import { reachedHost } from './reached-host.ts'

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

test('a file without a version upgrades nothing, whichever kadm is at hand', () => {
  const wanted = fileOf({ h1: 'control-plane' }, {}, { kubernetesVersion: undefined })
  const node = { name: 'h1', isControlPlane: true, kubelet: 'v1.36.3', labels: {}, taints: [] }
  const cluster = { ...running(), kubernetesVersion: 'v1.36.3', nodes: [node] }
  const h1 = { node: 'control-plane', caHash: 'sha256:a', hasWantedKubelet: true, controlPlane: 'v1.36.3' } as const
  const nothing = { actions: [], problems: [] }
  expect(planned(wanted, { h1 }, cluster)).toEqual(nothing)
  expect(planned(wanted, { h1 }, { ...cluster, kubernetesVersion: 'v1.38.0' })).toEqual(nothing)
  expect(planned(wanted, { h1: { ...h1, unfinished: 'upgrade apply' } }, cluster)).toEqual({
    actions: [],
    problems: [expect.stringContaining('does not say to which version: give its spec a kubernetesVersion')],
  })
  expect(withRunningVersion(wanted, cluster).kubernetesVersion).toBe('v1.36.3')
  expect(withRunningVersion(wanted, { kind: 'none' }).kubernetesVersion).toBe('v1.37.2')
  expect(withRunningVersion(fileOf({ h1: 'control-plane' }), cluster).kubernetesVersion).toBe('v1.37.2')
})

test('who is to leave may, though its upgrade was cut off and the file names no version', () => {
  const wanted = fileOf({ h1: 'control-plane', h2: 'absent' }, {}, { kubernetesVersion: undefined })
  const cutOff = { h1: controlPlane({}), h2: worker({ unfinished: 'upgrade node' }) }
  expect(planned(wanted, cutOff, running('h1', 'h2'))).toEqual({ actions: ['h2 remove'], problems: [] })
  // It may be what the API waits for.
  const hosts = { h1: controlPlane({}), h2: controlPlane({ unfinished: 'upgrade node' }) }
  const asked = expect.stringMatching(/not finished on h2, .* give its spec a kubernetesVersion/)
  expect(planned(wanted, hosts, { kind: 'unreachable', why: 'refused' }).problems).toEqual([asked])
})

test('an upgrade does not go round a control plane; a worker that is not reached and what is left for later are told', () => {
  const wanted = fileOf({ h1: 'control-plane', h2: 'control-plane', h3: 'worker', h4: 'worker' })
  const old = (name: string): NodeState => ({ name, isControlPlane: false, kubelet: 'v1.36.3', labels: {}, taints: [] })
  const cluster = { ...running(), kubernetesVersion: 'v1.36.3', nodes: ['h1', 'h2', 'h3'].map(old) }
  const member = { node: 'control-plane', controlPlane: 'v1.36.3', caHash: 'sha256:a', hasWantedKubelet: true } as const
  const away: HostState = { kind: 'unreachable', why: 'no route', remedy: [] }
  const states = new Map<string, HostState>([
    ['h1', reachedHost(member)],
    ['h2', reachedHost(member)],
    ['h3', away],
    ['h4', reachedHost({})],
  ])
  const { actions, problems, warnings } = decide(wanted, states, cluster)
  expect([actions.map(({ host }) => host), problems]).toEqual([['h1', 'h2'], []])
  const gone = '\n    role: lost   # in the file, if its machine is gone for good'
  expect(warnings).toEqual([`h3 cannot be reached: no route${gone}`, expect.stringMatching(/^h4 is left for the next apply \(join: /)])
  states.set('h2', away)
  expect(decide(wanted, states, cluster).problems).toEqual([`h2 cannot be reached: no route${gone}`])
  // One that was cut off is gone on with: it may be what keeps the others from coming up.
  states.set('h1', reachedHost({ ...member, unfinished: 'upgrade apply' }))
  expect(decide(wanted, states, cluster).problems).toEqual([])
})

test('an upgrade does not begin beside a host that is another than the file says, or half undone; one that was cut off is gone on with', () => {
  const wanted = fileOf({ h1: 'control-plane', h2: 'worker', h3: 'absent' })
  const member = { node: 'control-plane', controlPlane: 'v1.36.3', caHash: 'sha256:a', hasWantedKubelet: true } as const
  const { nodes, ...all } = running('h1', 'h2', 'h3')
  const cluster = { ...all, kubernetesVersion: 'v1.36.3', nodes: nodes.map((node) => ({ ...node, isControlPlane: node.name === 'h1' })) }
  const decided = (h1: Partial<ReachedHost>, h2: Partial<ReachedHost>): readonly string[] => {
    const states = new Map<string, HostState>([
      ['h1', reachedHost({ ...member, ...h1 })],
      ['h2', reachedHost(worker(h2))],
      ['h3', { kind: 'unreachable', why: 'no route', remedy: [] }],
    ])
    const { problems, warnings } = decide(wanted, states, cluster)
    expect(warnings.join('\n')).toContain('h3 is to leave the cluster and cannot be reached')
    return [...problems.map((text) => `PROBLEM: ${text}`), ...warnings.filter((text) => !text.includes('h3'))]
  }
  const cutOff = { unfinished: 'upgrade apply' }
  const notFinished = 'h2 has a "kadm undo" that was not finished'
  expect(decided({}, { unfinished: 'undo' })).toEqual([expect.stringContaining(`PROBLEM: ${notFinished}`)])
  expect(decided(cutOff, { unfinished: 'undo' })).toEqual([expect.stringMatching(new RegExp(`^${notFinished}`))])
  const other = expect.stringContaining('PROBLEM: the machine at the address of h2 is Node "h9"')
  for (const h1 of [{}, cutOff]) expect(decided(h1, { nodeName: 'h9' })).toEqual([other])
})

test('an upgrade to another minor version does not go past a control plane that the file does not name', () => {
  const wanted = fileOf({ h1: 'control-plane', h3: 'lost' })
  const problems = (kubernetesVersion: string, h1: Partial<ReachedHost> = {}, isControlPlane = true): readonly string[] => {
    const { nodes, ...cluster } = running('h1', 'h2', 'h3')
    const all = nodes.map((node) => ({ ...node, kubelet: kubernetesVersion, isControlPlane: node.name === 'h1' || isControlPlane }))
    return planned(wanted, { h1: controlPlane({ controlPlane: kubernetesVersion, ...h1 }) }, { ...cluster, kubernetesVersion, nodes: all })
      .problems
  }
  expect(problems('v1.36.3')).toEqual([
    expect.stringMatching(/^node "h2" is a control plane of the cluster and not in the file, .*name it/),
  ])
  expect(problems('v1.36.3', {}, false)).toEqual([])
  expect(problems('v1.37.1')).toEqual([])
  expect(problems('v1.36.3', { unfinished: 'upgrade apply' })).toEqual([])
})

test('an upgrade to another minor version does not go past a control plane that is to leave', () => {
  const wanted = fileOf({ h1: 'control-plane', h3: 'absent' })
  const problems = (kubernetesVersion: string, isControlPlane = true): readonly string[] => {
    const { nodes, ...cluster } = running('h1', 'h3')
    const all = nodes.map((node) => ({ ...node, kubelet: kubernetesVersion, isControlPlane: node.name === 'h1' || isControlPlane }))
    const hosts = { h1: controlPlane({ controlPlane: kubernetesVersion }), h3: controlPlane({ controlPlane: kubernetesVersion }) }
    return planned(wanted, hosts, { ...cluster, kubernetesVersion, nodes: all }).problems
  }
  expect(problems('v1.36.3')).toEqual([
    'h3 is a control plane that is to leave the cluster, and an upgrade to v1.37.2 would go past it: first put the version back to v1.36.3 and apply, then raise it again (role: lost if its machine is gone for good)',
  ])
  expect(problems('v1.36.3', false)).toEqual([])
  expect(problems('v1.37.1')).toEqual([])
})

test('no upgrade begins beside a control plane whose join was cut off; no host is upgraded before its join is finished', () => {
  const wanted = fileOf({ h1: 'control-plane', h2: 'control-plane', h3: 'worker', h4: 'worker' })
  const { nodes, ...cluster } = running('h1', 'h2', 'h3', 'h4')
  // It gets its label at the end of its join.
  const all = nodes.map((node) => ({ ...node, kubelet: 'v1.37.1', isControlPlane: node.name === 'h1' }))
  const old = { ...cluster, kubernetesVersion: 'v1.37.1', nodes: all }
  const [leader, other] = [controlPlane({ controlPlane: 'v1.37.1' }), worker({})]
  const cutOff = { unfinished: 'join' }
  expect(planned(wanted, { h1: leader, h2: { ...leader, ...cutOff }, h3: other, h4: other }, old).problems).toEqual([
    'the join of h2, a control plane, was cut off, and an upgrade to v1.37.2 would go past it: first put the version back to v1.37.1 and apply, then raise it again',
  ])
  expect(planned(wanted, { h1: leader, h2: leader, h3: { ...other, ...cutOff }, h4: other }, old)).toEqual({
    actions: ['h1 upgrade', 'h2 upgrade', 'h4 upgrade'],
    problems: [],
  })
  // What was begun is gone on with, and then the join.
  const begun = { h1: { ...leader, unfinished: 'upgrade apply' }, h2: { ...leader, ...cutOff }, h3: other, h4: other }
  expect(planned(wanted, begun, old)).toEqual({ actions: ['h1 upgrade', 'h3 upgrade', 'h4 upgrade'], problems: [] })
  const upgraded = {
    ...old,
    kubernetesVersion: 'v1.37.2',
    nodes: all.map((node) => (node.name === 'h2' ? node : { ...node, kubelet: 'v1.37.2' })),
  }
  expect(planned(wanted, { ...begun, h1: controlPlane({}) }, upgraded).actions).toEqual(['h2 join'])
})

test.each(['control-plane', 'worker', 'absent'])(
  'no upgrade begins while a control plane of the cluster is a bare machine, here to be %s; one of a worker is left for later',
  (role) => {
    const wanted = fileOf({ h1: 'control-plane', h2: role, h3: 'worker' })
    const { nodes, ...cluster } = running('h1', 'h2', 'h3')
    const planOf = (
      kubernetesVersion: string,
      { unfinished, isControlPlane = true }: { unfinished?: string; isControlPlane?: boolean } = {},
    ) => {
      const all = nodes.map((node) => ({ ...node, kubelet: kubernetesVersion, isControlPlane: node.name === 'h1' || isControlPlane }))
      const h1 = controlPlane({ controlPlane: kubernetesVersion, ...(unfinished !== undefined && { unfinished }) })
      return planned(wanted, { h1, h2: {}, h3: worker({}) }, { ...cluster, kubernetesVersion, nodes: all })
    }
    expect(planOf('v1.37.1').problems).toEqual([
      'node "h2" is a control plane of the cluster, its machine has nothing of it, and no upgrade goes on before it is Ready: first put the version back to v1.37.1 and apply, then raise it again (or role: lost until the cluster is upgraded)',
    ])
    expect(planOf('v1.37.1', { unfinished: 'upgrade apply' }).problems).toEqual([])
    expect(planOf('v1.37.1', { isControlPlane: false })).toEqual({ actions: ['h1 upgrade', 'h3 upgrade'], problems: [] })
    // With the version put back it takes the place of the one that is gone, or leaves.
    expect(planOf('v1.37.2')).toEqual({ actions: [`h2 ${role === 'absent' ? 'remove' : 'join'}`], problems: [] })
  },
)

test('what the skew policy forbids is said by the plan', () => {
  const wanted = fileOf({ h1: 'control-plane' })
  const old: NodeState = { name: 'h1', isControlPlane: true, kubelet: 'v1.35.4', labels: {}, taints: [] }
  const cluster = { ...running(), kubernetesVersion: 'v1.35.4', nodes: [old] }
  const h1 = { node: 'control-plane', controlPlane: 'v1.35.4', caHash: 'sha256:a', hasWantedKubelet: true } as const
  expect(planned(wanted, { h1 }, cluster).problems).toEqual([
    '"v1.37.2" is too new for a cluster of v1.35.4: control planes are upgraded one minor version at a time',
  ])
})

test.each([
  { maxUnavailable: '2', total: 5, expected: [['c'], ['a', 'b'], ['d', 'e']] },
  { maxUnavailable: '10%', total: 5, expected: [['c'], ['a'], ['b'], ['d'], ['e']] },
  { maxUnavailable: '60%', total: 5, expected: [['c'], ['a', 'b', 'd'], ['e']] },
  { maxUnavailable: '2', total: 5, canary: ['e', 'c', 'b'], expected: [['b', 'c'], ['e'], ['a', 'd']] },
  { maxUnavailable: '20%', total: 5, canary: ['c', 'b'], expected: [['b'], ['c'], ['a'], ['d'], ['e']] },
])('waves of $maxUnavailable of $total, the canaries first', ({ maxUnavailable, total, canary = ['c'], expected }) => {
  expect(waves(['a', 'b', 'c', 'd', 'e'], { maxUnavailable, canary, soak: 0 }, total)).toEqual(expected)
})

test('an upgrade that was cut off is gone on with, whatever the versions say', () => {
  const wanted = fileOf({ h1: 'control-plane', h2: 'control-plane', h3: 'worker' })
  const done = { h1: controlPlane({}), h2: controlPlane({}), h3: worker({}) }
  const all = running('h1', 'h2', 'h3')
  expect(planned(wanted, done, all).actions).toEqual([])
  // Its kubelet runs in the new version, and the node is cordoned still.
  expect(planned(wanted, { ...done, h3: worker({ unfinished: 'upgrade node' }) }, all).actions).toEqual(['h3 upgrade'])
  expect(planned(wanted, { ...done, h2: controlPlane({ unfinished: 'upgrade node phase kubelet' }) }, all).actions).toEqual(['h2 upgrade'])
  // The static Pods are new, the cluster has not heard of it, and there is no new kubelet.
  const old = { ...all, kubernetesVersion: 'v1.36.3' }
  expect(planned(wanted, { ...done, h1: controlPlane({ hasWantedKubelet: false }) }, old).actions).toEqual(['h1 upgrade'])
})

test('an API server whose image does not tell its version is judged by the cluster, by the image of the first, and by the kubelet beside it', () => {
  const wanted = fileOf({ h1: 'control-plane', h2: 'control-plane', h3: 'worker' })
  const pinned = controlPlane({ controlPlane: '', hasWantedKubelet: false, apiImage: 'r.test/kube-apiserver@sha256:new' })
  const hosts = { h1: pinned, h2: pinned, h3: {} }
  const all = running('h1', 'h2')
  expect(planned(wanted, hosts, all).actions).toEqual(['h3 join'])
  expect(planned(wanted, hosts, { ...all, kubernetesVersion: 'v1.36.3' }).actions).toEqual(['h1 upgrade', 'h2 upgrade'])
  const [first, second] = [all.nodes.slice(0, 1), all.nodes.slice(1).map((node) => ({ ...node, kubelet: 'v1.36.3' }))]
  const later = { ...all, nodes: [...first, ...second] }
  const actions = (h2: Partial<ReachedHost>) => planned(wanted, { ...hosts, h2: { ...pinned, ...h2 } }, later).actions
  for (const apiImage of ['r.test/kube-apiserver@sha256:old', 'r.test/kube-apiserver:build-118'])
    expect(actions({ apiImage })).toEqual(['h2 upgrade'])
  expect(actions({ hasWantedKubelet: true })).toEqual(['h2 upgrade'])
  // It has all that it can get: no kubelet of that version lies there.
  expect(actions({})).toEqual(['h3 join'])
})

test('a cluster that keeps no configuration is not upgraded, and the plan says so', () => {
  const wanted = fileOf({ h1: 'control-plane' })
  const bare = { ...running('h1'), kubernetesVersion: '' }
  expect(planned(wanted, { h1: controlPlane({}) }, bare)).toEqual({ actions: [], problems: [] })
  const old = controlPlane({ controlPlane: 'v1.36.3' })
  expect(planned(wanted, { h1: old }, bare).problems).toEqual([
    expect.stringMatching(
      /^the file wants v1\.37\.2, .* kube-system\/kubeadm-config\)\n {4}kadm init phase upload-config all --config FILE --host .*# for h1/,
    ),
  ])
  expect(planned(wanted, { h1: { ...old, unfinished: 'init' } }, bare).problems).toEqual([])
})

test('the control plane whose upgrade of the cluster was cut off stays the first', () => {
  const file = fileOf({ h1: 'control-plane', h2: 'control-plane', h3: 'control-plane' })
  const states = (h1: Partial<ReachedHost>, h2: Partial<ReachedHost>) =>
    new Map(Object.entries({ h1: reachedHost(h1), h2: reachedHost(h2), h3: reachedHost(controlPlane({})) }))
  expect(firstControlPlane(file, states(controlPlane({}), controlPlane({ unfinished: 'upgrade apply' })))).toBe('h2')
  expect(firstControlPlane(file, states(controlPlane({ unfinished: 'upgrade node' }), controlPlane({})))).toBe('h1')
  expect(firstControlPlane(file, states(controlPlane({ unfinished: 'mark' }), controlPlane({})))).toBe('h1')
  expect(firstControlPlane(file, states(controlPlane({ unfinished: 'join' }), controlPlane({})))).toBe('h2')
})

test('an upgrade that was cut off may have stopped the API: then it is gone on with without one', () => {
  const file = fileOf({ h1: 'control-plane', h3: 'worker' })
  const away = { kind: 'unreachable', why: 'refused' } as const
  const hosts = {
    h1: controlPlane({ unfinished: 'upgrade apply', controlPlane: 'v1.36.3', kubelet: 'v1.36.3' }),
    h3: worker({}),
  }
  expect(planned(file, hosts, away)).toEqual({ actions: ['h1 upgrade', 'h3 upgrade'], problems: [] })
  // Of two members of etcd the second is down: nothing can be done on the first before it is back.
  const two = fileOf({ h1: 'control-plane', h2: 'control-plane', h3: 'worker' })
  const second = { ...hosts, h1: controlPlane({}), h2: controlPlane({ unfinished: 'upgrade node' }) }
  expect(planned(two, second, away).actions).toEqual(['h2 upgrade', 'h1 upgrade', 'h3 upgrade'])
  expect(planned(two, second, running('h1', 'h2', 'h3')).actions).toEqual(['h2 upgrade'])
  // Of a worker it has stopped no API.
  expect(planned(file, { h1: controlPlane({}), h3: worker({ unfinished: 'upgrade node' }) }, away)).toEqual({
    actions: [],
    problems: ['the cluster is there, and its API does not answer: refused'],
  })
})

function controlPlane(state: Partial<ReachedHost>): Partial<ReachedHost> {
  return { node: 'control-plane', caHash: 'sha256:a', hasWantedKubelet: true, controlPlane: 'v1.37.2', ...state }
}

function worker(state: Partial<ReachedHost>): Partial<ReachedHost> {
  return { node: 'worker', caHash: 'sha256:a', hasWantedKubelet: true, ...state }
}
