/**
 * A cluster of IPv6 alone: init by kadm, a worker by kubeadm, and Pods that reach each other. One of both families is in `interop.test.ts`.
 */
import { beforeAll, expect, test } from 'vitest'
import { printedJoin } from '../../src/sandbox/printed-join.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { kubectl, putInitConfig, sharedSandbox } from '../support/cluster.ts'
import { familyConfig, hostOf, ipv6Only, setNodeIp } from '../support/ip-families.ts'
import { kubeadmSuite } from '../support/kubeadm-suite.ts'
import { isLongRun, skipInShortRun } from '../support/long-run.ts'
import { expectPodTraffic } from '../support/whole-cluster.ts'

const slow = { timeout: 180_000 }
let sandbox: Sandbox

beforeAll(async () => {
  if (isLongRun) sandbox = await sharedSandbox({ hosts: 2 })
})

test('IPv6 only', async (context) => {
  skipInShortRun(context)
  const { address6 } = hostOf(sandbox, 'h1')
  const file = await putInitConfig(sandbox, 'h1', { ...familyConfig(sandbox, ipv6Only), advertiseAddress: address6 })
  const output = await sandbox.run('h1', ['kadm', 'init', '--config', file], slow)
  expect(output).toContain(`kubeadm join [${address6}]:6443 --token`)
  const names = await sandbox.run('h1', ['openssl', 'x509', '-noout', '-ext', 'subjectAltName', '-in', '/etc/kubernetes/pki/apiserver.crt'])
  expect(names).toContain('IP Address:FD00:10:96:0:0:0:0:1')

  await setNodeIp(sandbox, 'h2', ipv6Only)
  await sandbox.run('h2', ['kubeadm', ...(printedJoin(output).worker ?? []), '--ignore-preflight-errors=SystemVerification'], slow)
  await sandbox.network()
  await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=90s'], slow)
  await kubectl(sandbox, 'h1', ['rollout', 'status', '-n', 'kube-system', 'deployment/coredns', '--timeout=90s'], slow)
  await expectPodTraffic(sandbox, 'h1', ['h1', 'h2'])
  // On a cluster of both families, these specs skip themselves.
  const specs = ['podSubnet', 'serviceSubnet'].map(
    (subnet) => `networking [setup-networking] single-stack ${subnet} should be properly configured if specified in kubeadm-config`,
  )
  expect(await kubeadmSuite(sandbox, 'h1', 'networking')).toEqual({ passed: specs, skipped: [], failed: [] })
})
