/** An upgrade over many hosts: control planes, then workers in waves, with a probe that can stop it. */
import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { kubectl, sharedSandbox } from '../support/cluster.ts'
import { fleetOperator, type FleetOperator } from '../support/fleet-operator.ts'
import { isLongRun } from '../support/long-run.ts'
import { folderOfFile } from '../support/temporary.ts'

const folder = folderOfFile('fleet')
const roles = { h1: 'control-plane', h2: 'worker', h3: 'worker' } as const

describe.runIf(isLongRun)('from 1.36.3 to 1.37.2', () => {
  let sandbox: Sandbox
  let operator: FleetOperator

  beforeAll(async () => {
    sandbox = await sharedSandbox({ hosts: 3, kubernetesVersion: 'v1.36.3', furtherVersions: ['v1.37.2'] })
    operator = fleetOperator(sandbox, folder)
    const made = await operator.kadm(['apply', '-f', await operator.write(roles, { kubernetesVersion: 'v1.36.3' }), '--yes'])
    expect(made.exitCode, made.stderr).toBe(0)
    await sandbox.network()
    await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=90s'], { timeout: 100_000 })
  }, 400_000)

  test('the probe stops it after the canary; then it goes on with what is left', { timeout: 400_000 }, async () => {
    await Promise.all(['h1', 'h2', 'h3'].map((host) => sandbox.version(host, 'v1.37.2')))
    const probes = `${folder}/probes`
    // Fails the second time, which is after the canary.
    const probe = `echo probed >>${probes}; test "$(wc -l <${probes})" != 2`
    const file = await operator.write(roles, { upgrade: { canary: ['h3'], probe } })
    const stopped = await operator.kadm(['apply', '-f', file, '--yes'])
    expect([stopped.exitCode, stopped.stderr], stopped.stdout).toEqual([1, expect.stringContaining('the upgrade stops here: the probe')])
    expect(await versions()).toBe('h1:v1.37.2 h2:v1.36.3 h3:v1.37.2')

    const again = await operator.kadm(['apply', '-f', file, '--yes'])
    expect([again.exitCode, again.stderr], again.stdout).toEqual([0, ''])
    expect(await versions()).toBe('h1:v1.37.2 h2:v1.37.2 h3:v1.37.2')
    expect((await readFile(probes, 'utf8')).split('\n').length - 1).toBe(3)
    expect((await operator.kadm(['apply', '-f', file])).stdout).toBe('shop: nothing to do on 3 hosts\n')
  })

  async function versions(): Promise<string> {
    const fields = '{range .items[*]}{.metadata.name}:{.status.nodeInfo.kubeletVersion} {end}'
    return (await kubectl(sandbox, 'h1', ['get', 'nodes', '-o', `jsonpath=${fields}`])).trim()
  }
})
