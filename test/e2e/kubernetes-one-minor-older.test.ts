/** The oldest Kubernetes that kadm deploys: made by kadm, joined by the kubeadm of that version. */
import { beforeAll, expect, test } from 'vitest'
import { printedJoin } from '../../src/sandbox/printed-join.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { kubectl, putInitConfig, renewHosts, sharedSandbox } from '../support/cluster.ts'
import { podTraffic } from '../support/pod-traffic.ts'
import { isLongRun, skipInShortRun } from '../support/long-run.ts'
import { older } from '../support/upgrade-scene.ts'

const hosts = ['h1', 'h2'] as const
let sandbox: Sandbox

beforeAll(async () => {
  if (!isLongRun) return
  // A kadm of 1.37 takes its own etcd and CoreDNS for a 1.36 cluster, as kubeadm 1.37 does: their images are those of 1.37.
  sandbox = await sharedSandbox({ hosts: 2, furtherVersions: [older] })
  await renewHosts(sandbox, hosts)
  for (const host of hosts) await sandbox.version(host, older)
})

test('a cluster of 1.36', async (context) => {
  skipInShortRun(context)
  const file = await putInitConfig(sandbox, 'h1', { kubernetesVersion: older })
  const { worker } = printedJoin(await sandbox.run('h1', ['kadm', 'init', '--config', file], { timeout: 180_000 }))
  expect(await sandbox.run('h2', ['kubeadm', 'version', '-o', 'short'])).toBe(`${older}\n`)
  await sandbox.run('h2', ['kubeadm', ...(worker ?? []), '--ignore-preflight-errors=SystemVerification'], { timeout: 180_000 })
  await sandbox.network()
  await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=60s'], { timeout: 70_000 })
  const versions = await kubectl(sandbox, 'h1', ['get', 'nodes', '-o', 'jsonpath={.items[*].status.nodeInfo.kubeletVersion}'])
  expect(versions).toBe(`${older} ${older}`)
  expect(JSON.parse(await kubectl(sandbox, 'h1', ['version', '-o', 'json']))).toMatchObject({ serverVersion: { gitVersion: older } })
  // `upgrade plan` of 1.36 refuses: it does not know the CoreDNS of 1.37. So it does on a cluster of 1.36 that kubeadm 1.37 made.
  expect(await sandbox.run('h1', ['kubeadm', 'certs', 'check-expiration'])).not.toMatch(/MISSING|invalid/i)
  const { answers } = await podTraffic(sandbox, 'h1')
  expect(Object.values(answers).map(({ dns }) => dns)).toEqual(['ok', 'ok'])
})
