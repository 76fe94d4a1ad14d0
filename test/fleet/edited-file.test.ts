/** Edits of the file of a cluster that is there: what must not be done without a word. */
import { expect, test } from 'vitest'
import { kinds } from '../../src/cluster/kinds.ts'
import { mayHaveLeftMember, type RunningCluster } from '../../src/fleet/look/cluster-state.ts'
import type { HostState } from '../../src/fleet/look/host-state.ts'
import { decide } from '../../src/fleet/plan/decide.ts'
import { fileOf, planned, running } from './planned.ts'
import { reachedHost } from './reached-host.ts'

const controlPlane = { node: 'control-plane', caHash: 'sha256:a', controlPlane: 'v1.37.2' } as const
const away: HostState = { kind: 'unreachable', why: 'no route', remedy: [] }

test('a control plane does not leave with the address at which all nodes reach the API', () => {
  const file = fileOf({ h1: 'absent', h2: 'control-plane' })
  const at = (controlPlaneEndpoint: string): RunningCluster => ({ ...running('h1', 'h2'), controlPlaneEndpoint })
  const problemsAt = (endpoint: string): readonly string[] => planned(file, { h1: controlPlane, h2: controlPlane }, at(endpoint)).problems
  const leaves = [
    expect.stringContaining('h1 is to leave, and all nodes reach the API at its address (controlPlaneEndpoint 192.168.7.1:6443)'),
  ]
  expect(problemsAt('192.168.7.1:6443')).toEqual(leaves)
  expect(problemsAt('192.168.7.2:6443')).toEqual([])
  expect(problemsAt('lb:6443')).toEqual([])
  // A virtual address that h1 has just now goes to the next one by itself.
  const states = new Map([
    ['h1', reachedHost({ ...controlPlane, hostname: 'h1', addresses: ['192.168.7.1', 'fd00::9'] })],
    ['h2', reachedHost({ ...controlPlane, hostname: 'h2' })],
  ])
  const { problems, warnings } = decide(file, states, at('[fd00:0::9]:6443'))
  expect([problems, warnings]).toEqual([[], [expect.stringContaining('h1 is to leave and has the address of controlPlaneEndpoint')]])
})

test('a cluster that was made without an endpoint takes no further control plane, but workers', () => {
  const file = fileOf({ h1: 'control-plane', h2: 'control-plane', h3: 'worker' })
  const problemsOf = (cluster: RunningCluster): readonly string[] => planned(file, { h1: controlPlane, h2: {}, h3: {} }, cluster).problems
  expect(problemsOf({ ...running('h1'), controlPlaneEndpoint: '' })).toEqual([
    expect.stringMatching(/^h2 cannot come in as a control plane: .*without a controlPlaneEndpoint/),
  ])
  expect(problemsOf({ ...running('h1'), controlPlaneEndpoint: 'lb:6443' })).toEqual([])
  // It keeps no configuration yet.
  expect(problemsOf(running('h1'))).toEqual([])
})

test('of a machine that has nothing of the cluster any more, or does not answer, a member of etcd does not stay unseen', () => {
  const cluster = { ...running('h1', 'h3'), lostMembers: ['h3'] }
  const absent = fileOf({ h1: 'control-plane', h3: 'absent' })
  expect(planned(absent, { h1: controlPlane, h3: {} }, cluster)).toEqual({ actions: ['h3 forget'], problems: [] })
  expect(planned(absent, { h1: controlPlane, h3: {} }, running('h1', 'h3')).actions).toEqual(['h3 remove'])
  const unseen = (state: RunningCluster): readonly string[] =>
    decide(
      absent,
      new Map<string, HostState>([
        ['h1', reachedHost(controlPlane)],
        ['h3', away],
      ]),
      state,
    ).problems
  expect(unseen({ ...running('h1'), lostMembers: ['h3'] })).toEqual([expect.stringContaining('role: lost')])
  expect(unseen(running('h1'))).toEqual([])
  const worker = fileOf({ h1: 'control-plane', h3: 'worker' })
  expect(planned(worker, { h1: controlPlane, h3: {} }, cluster)).toEqual({
    actions: [],
    problems: [expect.stringContaining('etcd has a member of h3, which was a control plane')],
  })
})

test('etcd is asked about those alone of which neither they nor the join that comes will tell', () => {
  const { hosts } = fileOf({ h1: 'control-plane', h2: 'absent', h3: 'worker', h4: 'lost' })
  const labels = { 'node-role.kubernetes.io/control-plane': '' }
  const nodes = [{ ...kinds.node, metadata: { name: 'h3', labels } }]
  const asked = (state: HostState, there = nodes): readonly string[] =>
    hosts.filter((host) => mayHaveLeftMember(host, state, there)).map(({ name }) => name)
  expect(asked(reachedHost({}))).toEqual(['h2', 'h3'])
  expect(asked(reachedHost({}), [])).toEqual(['h2'])
  expect(asked(away)).toEqual(['h2'])
  expect(asked(reachedHost({ node: 'worker' }))).toEqual([])
  expect(asked(reachedHost({ unfinished: 'join' }))).toEqual([])
})

test('no cluster is made anew while the host that may have it is absent and does not answer', () => {
  const states = new Map<string, HostState>([
    ['h1', away],
    ['h2', reachedHost({})],
  ])
  const { problems } = decide(fileOf({ h1: 'absent', h2: 'control-plane' }), states, { kind: 'none' })
  expect(problems).toEqual([
    expect.stringMatching(/^h1 is to leave the cluster and cannot be reached: no route\n.*take it out of the file/),
  ])
})

test('a host whose init was cut off is no other cluster when it is absent', () => {
  const hosts = { h1: { ...controlPlane, unfinished: 'init' }, h2: { ...controlPlane, caHash: 'sha256:b' } } as const
  expect(planned(fileOf({ h1: 'absent', h2: 'control-plane' }), hosts, running('h2'))).toEqual({ actions: ['h1 remove'], problems: [] })
  const wanted = fileOf({ h1: 'control-plane', h2: 'control-plane' })
  expect(planned(wanted, hosts, running('h2')).problems).toContainEqual(expect.stringContaining('different clusters'))
})

test('taints that the file does not name for its host stay, and the plan says so', () => {
  const role = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }
  const warningsOf = (taints: readonly object[] | undefined, there: readonly { key: string; effect: string }[]): readonly string[] => {
    const file = fileOf({ h1: 'control-plane', h3: 'worker' }, taints && { taints })
    const states = new Map([
      ['h1', reachedHost(controlPlane)],
      ['h3', reachedHost({ node: 'worker', caHash: 'sha256:a' })],
    ])
    const node = { name: 'h3', isControlPlane: false, kubelet: 'v1.37.2', labels: {}, taints: there }
    const cluster = running('h1')
    return decide(file, states, { ...cluster, nodes: [...cluster.nodes, node] }).warnings
  }
  expect(warningsOf([], [role])).toEqual([expect.stringContaining(`kubectl taint node h3 ${role.key}:NoSchedule-`)])
  expect(warningsOf([{ key: 't', effect: 'PreferNoSchedule' }], [{ key: 't', effect: 'NoSchedule' }])).toEqual([
    expect.stringContaining('h3 keeps the taint t:NoSchedule'),
  ])
  expect(warningsOf([{ key: 't', effect: 'NoSchedule' }], [{ key: 't', effect: 'NoSchedule' }])).toEqual([])
  expect(warningsOf(undefined, [role])).toEqual([])
})

test('a bare machine that takes the place of one that is gone gets all its marks anew', () => {
  const file = fileOf({ h1: 'control-plane', h3: 'worker' }, { labels: { a: 'b' } })
  const dead = { name: 'h3', isControlPlane: false, kubelet: 'v1.37.2', labels: { a: 'b' }, taints: [], cordoned: true } as const
  const cluster = running('h1')
  const { actions } = planned(file, { h1: controlPlane, h3: {} }, { ...cluster, nodes: [...cluster.nodes, dead] })
  expect(actions).toEqual(['h3 join', 'h3 mark'])
})
