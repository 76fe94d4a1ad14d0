/** Joins: of a worker, of one control plane, of two at once. The cluster is kadm's, whoever joins. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { renewHosts } from '../../test/support/cluster.ts'
import { initCommand, joinCommands, kubectl, putInitConfig, seconds, timed, type Benchmark } from './benchmark.ts'

/** A worker into a cluster whose controllers are at work. */
export const join: Benchmark = {
  hosts: 2,
  ways: ['kubeadm', 'kadm'],
  prepare: (sandbox) => settledCluster(sandbox, ['h1']),
  run: async (sandbox, tool) => {
    await sandbox.renew('h2')
    // Not waited for: the last words of the old kubelet may have made it anew.
    await kubectl(sandbox, ['delete', 'node', 'h2', '--ignore-not-found', '--wait=false'])
    const { worker } = await joinCommands(sandbox)
    return seconds(sandbox, 'h2', [tool, ...worker])
  },
}

/** init, a worker's join at once after it, until the cluster has the Node. */
export const initJoin: Benchmark = {
  hosts: 2,
  ways: ['kubeadm', 'kadm'],
  run: async (sandbox, tool) => {
    await renewHosts(sandbox, ['h1', 'h2'])
    await putInitConfig(sandbox)
    const { start } = await timed(sandbox, 'h1', initCommand(tool))
    const { worker } = await joinCommands(sandbox)
    await timed(sandbox, 'h2', [tool, ...worker])
    const { end } = await timed(sandbox, 'h1', [
      'kubectl',
      '--kubeconfig=/etc/kubernetes/admin.conf',
      'wait',
      '--for=create',
      'node/h2',
      '--timeout=60s',
    ])
    return end - start
  },
}

/** A second control plane into a cluster whose controllers are at work. */
export const controlPlane: Benchmark = {
  hosts: 2,
  ways: ['kubeadm', 'kadm'],
  run: async (sandbox, tool) => {
    await settledCluster(sandbox, ['h1', 'h2'])
    return seconds(sandbox, 'h2', [tool, ...(await joinCommands(sandbox)).controlPlane])
  },
}

/** kadm against itself: two control planes at once must not take much longer than one. */
export const twoControlPlanes: Benchmark = {
  hosts: 3,
  ways: ['one', 'two'],
  run: async (sandbox, way) => {
    await settledCluster(sandbox, ['h1', 'h2', 'h3'])
    const words = ['kadm', ...(await joinCommands(sandbox)).controlPlane]
    const joined = await Promise.all((way === 'one' ? ['h2'] : ['h2', 'h3']).map((host) => timed(sandbox, host, words)))
    return Math.max(...joined.map(({ end }) => end)) - Math.min(...joined.map(({ start }) => start))
  },
}

/**
 * On fresh hosts, a cluster on the first. Settled: its controllers have made what they make, so that requests of kubelets are approved at
 * once.
 */
async function settledCluster(sandbox: Sandbox, hosts: readonly string[]): Promise<void> {
  await renewHosts(sandbox, hosts)
  await putInitConfig(sandbox)
  await timed(sandbox, 'h1', initCommand('kadm'))
  await kubectl(sandbox, ['wait', '--for=create', 'serviceaccount/default', '--timeout=60s'])
  await sleep(3000)
}
