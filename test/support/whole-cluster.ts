/** Is a cluster whole? Every node Ready, every member of etcd a healthy voter, every Pod reached by every other, names and Services too. */
import { expect } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { kubectl } from './cluster.ts'
import { etcdMembers } from './etcd-members.ts'
import { podTraffic } from './pod-traffic.ts'

export interface Expected {
  readonly nodes: readonly string[]
  readonly voters: readonly string[]
}

/** Lays the pod network and waits; then all of it holds, or the test fails. `host`: a control plane. */
export async function expectWholeCluster(sandbox: Sandbox, host: string, { nodes, voters }: Expected): Promise<void> {
  await sandbox.network()
  await kubectl(sandbox, host, ['wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=90s'], { timeout: 100_000 })
  const found = await kubectl(sandbox, host, ['get', 'nodes', '-o', 'name'])
  expect(found.trim().split('\n').toSorted()).toEqual(nodes.map((node) => `node/${node}`).toSorted())
  expect(await etcdVoters(sandbox, host)).toEqual(voters)
  for (const owner of ['deployment/coredns', 'daemonset/kube-proxy']) {
    await kubectl(sandbox, host, ['rollout', 'status', '-n', 'kube-system', owner, '--timeout=90s'], { timeout: 100_000 })
  }
  await expectPodTraffic(sandbox, host, nodes)
}

/** A Pod on each node gets answers from all others, by an address of each IP family, by the Service's name, and DNS answers. */
export async function expectPodTraffic(sandbox: Sandbox, host: string, nodes: readonly string[], families = 1): Promise<void> {
  const { answers, addresses } = await podTraffic(sandbox, host)
  expect(Object.keys(answers).toSorted()).toEqual([...nodes].toSorted())
  for (const heard of Object.values(answers)) {
    for (const [node, own] of Object.entries(addresses))
      expect(own.map((address) => heard[address])).toEqual(Array<string>(families).fill(node))
    expect(nodes).toContain(heard['service'])
    expect(nodes).toContain(heard['short'])
    expect(heard['dns']).toBe('ok')
  }
}

/** Names of the members with a vote, sorted; all members are healthy, or the test fails. */
export async function etcdVoters(sandbox: Sandbox, host: string): Promise<readonly string[]> {
  const members = await etcdMembers(sandbox, host)
  expect(members.filter(({ isHealthy }) => !isHealthy)).toEqual([])
  return members.filter(({ isLearner }) => !isLearner).map(({ name }) => name)
}
