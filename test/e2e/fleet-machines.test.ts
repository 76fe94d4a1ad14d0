/** Machines that come and go under a cluster of one file: three control planes behind a balancer, two workers. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { kubectl, renewHosts, sharedSandbox } from '../support/cluster.ts'
import { fleetOperator, type FleetOperator } from '../support/fleet-operator.ts'
import { isLongRun } from '../support/long-run.ts'
import { folderOfFile } from '../support/temporary.ts'
import { etcdVoters } from '../support/whole-cluster.ts'

const folder = folderOfFile('fleet-machines')

let sandbox: Sandbox
let operator: FleetOperator

describe.runIf(isLongRun)('three control planes behind a balancer, two workers', () => {
  beforeAll(async () => {
    sandbox = await sharedSandbox({ hosts: 5, loadBalancer: true })
    operator = fleetOperator(sandbox, folder)
  }, 300_000)

  const all = { h1: 'control-plane', h2: 'control-plane', h3: 'control-plane', h4: 'worker', h5: 'worker' } as const
  const apply = async (roles: Parameters<FleetOperator['write']>[0]): Promise<string> => {
    const { stdout } = await operator.apply(await operator.write(roles, behindBalancer()))
    return stdout
  }
  const behindBalancer = (): { readonly controlPlaneEndpoint: string } => ({
    controlPlaneEndpoint: `${sandbox.loadBalancer?.address}:6443`,
  })

  test('from bare hosts', { timeout: 300_000 }, async () => {
    await renewHosts(sandbox)
    await apply(all)
    expect(await nodes('{.metadata.name} ')).toBe('h1 h2 h3 h4 h5')
    expect(await etcdVoters(sandbox, 'h1')).toEqual(['h1', 'h2', 'h3'])
  })

  test('a control plane and a worker whose machines were replaced', { timeout: 400_000 }, async () => {
    const lost = ['h3', 'h5']
    for (const host of lost) await sandbox.kill(host)
    const gone = ['wait', '--for=condition=Ready=Unknown', ...lost.map((host) => `node/${host}`), '--timeout=120s']
    await kubectl(sandbox, 'h1', gone, { timeout: 150_000 })
    await renewHosts(sandbox, lost)
    expect(await apply(all)).toContain('h3: join the cluster (the cluster has a Node h3, and this machine has nothing of it')
    const ready = ['wait', '--for=condition=Ready', ...lost.map((host) => `node/${host}`), '--timeout=120s']
    await sandbox.network()
    await kubectl(sandbox, 'h1', ready, { timeout: 150_000 })
    expect(await etcdVoters(sandbox, 'h1')).toEqual(['h1', 'h2', 'h3'])
  })

  test(
    'a control plane and a worker whose machines are gone for good; later there are new ones of these names',
    { timeout: 400_000 },
    async () => {
      const without = { ...all, h3: 'lost', h5: 'lost' } as const
      const alive = await operator.kadm(['apply', '-f', await operator.write(without, behindBalancer()), '--yes'])
      expect([alive.exitCode, alive.stderr]).toEqual([1, expect.stringContaining('NODE_ALIVE')])
      for (const host of ['h3', 'h5']) await sandbox.kill(host)
      await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready=Unknown', 'node/h3', 'node/h5', '--timeout=120s'], { timeout: 150_000 })
      expect(await apply(without)).toContain('(its machine is gone, and the cluster has a member of etcd and a Node of it)')
      expect(await nodes('{.metadata.name} ')).toBe('h1 h2 h4')
      expect(await etcdVoters(sandbox, 'h1')).toEqual(['h1', 'h2'])
      expect(await apply(without)).toContain('nothing to do on 5 hosts')
      await renewHosts(sandbox, ['h3', 'h5'])
      await apply(all)
      expect(await etcdVoters(sandbox, 'h1')).toEqual(['h1', 'h2', 'h3'])
    },
  )

  test(
    'a control plane whose machine was made anew leaves no member behind, as whatever it is wanted now',
    { timeout: 400_000 },
    async () => {
      await sandbox.kill('h3')
      await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready=Unknown', 'node/h3', '--timeout=120s'], { timeout: 150_000 })
      await renewHosts(sandbox, ['h3'])
      const asWorker = await operator.kadm(['plan', '-f', await operator.write({ ...all, h3: 'worker' }, behindBalancer())])
      expect([asWorker.exitCode, asWorker.stderr]).toEqual([
        1,
        expect.stringContaining('etcd has a member of h3, which was a control plane'),
      ])
      expect(await apply({ ...all, h3: 'absent' })).toContain('its machine has nothing of the cluster any more')
      expect(await nodes('{.metadata.name} ')).toBe('h1 h2 h4 h5')
      expect(await etcdVoters(sandbox, 'h1')).toEqual(['h1', 'h2'])
      await apply(all)
    },
  )

  test('one control plane less', { timeout: 200_000 }, async () => {
    await apply({ ...all, h2: 'absent' })
    expect(await etcdVoters(sandbox, 'h1')).toEqual(['h1', 'h3'])
  })
})

async function nodes(fields: string): Promise<string> {
  return (await kubectl(sandbox, 'h1', ['get', 'nodes', '-o', `jsonpath={range .items[*]}${fields}{end}`])).trim()
}
