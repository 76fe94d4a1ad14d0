/** An upgrade over many hosts: control planes, then workers in waves, with a probe that can stop it. */
import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { kubectl, sharedSandbox } from '../support/cluster.ts'
import { fleetOperator, type FleetOperator } from '../support/fleet-operator.ts'
import { isLongRun } from '../support/long-run.ts'
import { folderOfFile } from '../support/temporary.ts'
import { newer, older } from '../support/upgrade-scene.ts'

const folder = folderOfFile('fleet')
const roles = { h1: 'control-plane', h2: 'worker', h3: 'worker' } as const

describe.runIf(isLongRun)(`from ${older} to ${newer}`, () => {
  let sandbox: Sandbox
  let operator: FleetOperator

  beforeAll(async () => {
    sandbox = await sharedSandbox({ hosts: 3, kubernetesVersion: older, furtherVersions: [newer] })
    operator = fleetOperator(sandbox, folder)
    const made = await operator.kadm(['apply', '-f', await operator.write(roles, { kubernetesVersion: older }), '--yes'])
    expect(made.exitCode, made.stderr).toBe(0)
    await sandbox.network()
    await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=90s'], { timeout: 100_000 })
  }, 400_000)

  test('killed while it has stopped the kubelet and the API of the only control plane', { timeout: 120_000 }, async () => {
    await Promise.all(['h1', 'h2', 'h3'].map((host) => sandbox.version(host, newer)))
    const file = await operator.write(roles)
    await operator.kadmKilledWhen(['apply', '-f', file, '--yes'], isStopped)
    expect(await isStopped()).toBe(true)
  })

  test('gone on with; the probe stops it after the canary', { timeout: 400_000 }, async () => {
    // Fails the second time, which is after the canary, and when that is asked again. It runs beside the cluster file.
    const probe = 'echo probed >>probes; case "$(wc -l <probes)" in 2 | 3) exit 1 ;; esac'
    const file = await operator.write(roles, { upgrade: { canary: ['h3'], probe } })
    const stopped = await operator.kadm(['apply', '-f', file, '--yes'])
    expect([stopped.exitCode, stopped.stderr], stopped.stdout).toEqual([1, expect.stringContaining('the upgrade stops here: the probe')])
    expect(await versions()).toBe(`h1:${newer} h2:${older} h3:${newer}`)

    const retried = await operator.kadm(['apply', '-f', file, '--yes'])
    expect([retried.exitCode, retried.stderr], retried.stdout).toEqual([1, expect.stringContaining('the upgrade stops here: the probe')])
    expect(retried.stdout).toContain('[h2] upgrade: skipped: the upgrade has stopped')
    expect(await versions()).toBe(`h1:${newer} h2:${older} h3:${newer}`)

    await operator.kadmKilledWhen(['apply', '-f', file, '--yes'], isRestarting)
    expect(await cordoned()).toBe('h2')
    await operator.apply(file)
    expect(await versions()).toBe(`h1:${newer} h2:${newer} h3:${newer}`)
    expect(await cordoned()).toBe('')
    // Before h2, which was cut off then, and after it.
    expect((await readFile(`${folder}/probes`, 'utf8')).split('\n').length - 1).toBe(5)
    expect((await operator.kadm(['apply', '-f', file])).stdout).toBe('shop: nothing to do on 3 hosts\n')
  })

  /** Neither a kubelet nor an API server. */
  async function isStopped(): Promise<boolean> {
    const script = 'systemctl is-active -q kubelet || (: </dev/tcp/127.0.0.1/6443) 2>/dev/null || echo stopped'
    return (await sandbox.run('h1', ['bash', '-c', script])).trim() === 'stopped'
  }

  /** The kubelet of the last worker, which takes Pods again only after that. */
  async function isRestarting(): Promise<boolean> {
    const script = 'tail -n 1 /var/lib/kadm/journal.jsonl | grep -c \'"kind":"restart-service","service":"kubelet"\' || true'
    return (await sandbox.run('h2', ['sh', '-c', script])).trim() === '1'
  }

  async function cordoned(): Promise<string> {
    const fields = '{range .items[?(@.spec.unschedulable)]}{.metadata.name} {end}'
    return (await kubectl(sandbox, 'h1', ['get', 'nodes', '-o', `jsonpath=${fields}`])).trim()
  }

  async function versions(): Promise<string> {
    const fields = '{range .items[*]}{.metadata.name}:{.status.nodeInfo.kubeletVersion} {end}'
    return (await kubectl(sandbox, 'h1', ['get', 'nodes', '-o', `jsonpath=${fields}`])).trim()
  }
})
