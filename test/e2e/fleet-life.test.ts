/** The life of a cluster of one file: grown, upgraded, shrunk and taken down by editing it, while clients read, write and ask a Service. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { kubectl, sharedSandbox } from '../support/cluster.ts'
import { fleetOperator, type FileChanges, type FleetOperator, type Role } from '../support/fleet-operator.ts'
import { isLongRun } from '../support/long-run.ts'
import { startProbe, stopProbe } from '../support/outage-probe.ts'
import { folderOfFile } from '../support/temporary.ts'
import { newer, older } from '../support/upgrade-scene.ts'
import { etcdVoters } from '../support/whole-cluster.ts'

const folder = folderOfFile('fleet')
const three = { h1: 'control-plane', h2: 'control-plane', h3: 'control-plane' } as const
const grown = { ...three, h4: 'worker', h5: 'worker' } as const
const shrunk = { ...grown, h3: 'absent' } as const

describe.runIf(isLongRun)('three control planes behind a balancer', () => {
  let sandbox: Sandbox
  let operator: FleetOperator

  beforeAll(async () => {
    sandbox = await sharedSandbox({ hosts: 5, loadBalancer: true, kubernetesVersion: older, furtherVersions: [newer] })
    operator = fleetOperator(sandbox, folder)
    await applied(three, { kubernetesVersion: older })
    await laid()
    // There are no workers yet.
    await kubectl(sandbox, 'h1', ['taint', 'nodes', '--all', 'node-role.kubernetes.io/control-plane-'])
  }, 400_000)

  test('two workers more, a newer version, a control plane less: nobody notices', { timeout: 900_000 }, async () => {
    await startProbe(sandbox, 'h1')
    await applied(grown, { kubernetesVersion: older })
    await laid()
    expect(await versions()).toBe(`h1:${older} h2:${older} h3:${older} h4:${older} h5:${older}`)

    for (const host of Object.keys(grown)) await sandbox.version(host, newer)
    await applied(grown, { kubernetesVersion: newer, upgrade: { canary: ['h5'], maxUnavailable: 1 } })
    expect(await versions()).toBe(`h1:${newer} h2:${newer} h3:${newer} h4:${newer} h5:${newer}`)

    await applied(shrunk, { kubernetesVersion: newer })
    expect(await versions()).toBe(`h1:${newer} h2:${newer} h4:${newer} h5:${newer}`)
    expect(await etcdVoters(sandbox, 'h1')).toEqual(['h1', 'h2'])

    const { lost, ...met } = await stopProbe(sandbox, 'h1')
    process.stdout.write(`${JSON.stringify(met)}\n`)
    expect(lost).toEqual([])
    expect(Object.values(met).map(({ unmended }) => unmended)).toEqual([0, 0, 0])
  })

  test('and its end', { timeout: 120_000 }, async () => {
    const done = await operator.kadm([
      'reset',
      '--cluster-file',
      await written(grown, { kubernetesVersion: newer }),
      '--force',
      '--cleanup-tmp-dir',
    ])
    expect(done.exitCode, done.stdout + done.stderr).toBe(0)
    for (const host of Object.keys(grown))
      expect([host, await sandbox.run(host, ['sh', '-c', 'find /etc/kubernetes /var/lib/kubelet /var/lib/etcd -type f'])]).toEqual([
        host,
        '',
      ])
  })

  function written(roles: Readonly<Record<string, Role>>, changes: FileChanges): Promise<string> {
    return operator.write(roles, { controlPlaneEndpoint: `${sandbox.loadBalancer?.address}:6443`, ...changes })
  }

  async function applied(roles: Readonly<Record<string, Role>>, changes: FileChanges): Promise<void> {
    const started = performance.now()
    await operator.apply(await written(roles, changes))
    process.stdout.write(`${Object.values(roles).join(', ')}: ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
  }

  /** The pod network of hosts that are new. */
  async function laid(): Promise<void> {
    await sandbox.network()
    await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=90s'], { timeout: 100_000 })
  }

  async function versions(): Promise<string> {
    const fields = '{range .items[*]}{.metadata.name}:{.status.nodeInfo.kubeletVersion} {end}'
    return (await kubectl(sandbox, 'h1', ['get', 'nodes', '-o', `jsonpath=${fields}`])).trim()
  }
})
