/**
 * kubeadm's own end-to-end suite on a cluster that kubeadm made; `interop.test.ts` has it on one that kadm made, where the same must pass.
 */
import { beforeAll, expect, test } from 'vitest'
import { printedJoin } from '../../src/sandbox/printed-join.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { kubectl, putInitConfig, renewHosts, sharedSandbox } from '../support/cluster.ts'
import { dualStack, familyConfig, setNodeIp } from '../support/ip-families.ts'
import { kubeadmSuite } from '../support/kubeadm-suite.ts'
import { onKubeadm } from '../support/kubeadm-suite-specs.ts'
import { isLongRun, skipInShortRun } from '../support/long-run.ts'

const hosts = ['h1', 'h2'] as const
let sandbox: Sandbox

beforeAll(async () => {
  if (isLongRun) sandbox = await sharedSandbox({ hosts: 2 })
})

/** Control plane, worker, pod network: what the suite's specs are about. */
async function raise(): Promise<void> {
  await renewHosts(sandbox, hosts)
  const file = await putInitConfig(sandbox, 'h1', familyConfig(sandbox, dualStack))
  await setNodeIp(sandbox, 'h2', dualStack)
  const output = await sandbox.run('h1', ['kubeadm', 'init', '--config', file, '--upload-certs'], { timeout: 180_000 })
  const { worker } = printedJoin(output)
  await sandbox.run('h2', ['kubeadm', ...(worker ?? []), '--ignore-preflight-errors=SystemVerification'], { timeout: 180_000 })
  await sandbox.network()
  await kubectl(sandbox, 'h1', ['rollout', 'status', '-n', 'kube-system', 'deployment/coredns', '--timeout=90s'], { timeout: 100_000 })
}

test('the specs that pass are those that are on record', async (context) => {
  skipInShortRun(context)
  await raise()
  expect(await kubeadmSuite(sandbox, 'h1')).toEqual(onKubeadm)
})
