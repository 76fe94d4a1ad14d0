/** Clusters of both IP families, and of IPv6 alone: init by kadm, a worker by kubeadm, and Pods that reach each other over every family. */
import { beforeAll, expect, test } from 'vitest'
import type { LabConfig } from '../../src/sandbox/lab-config.ts'
import { printedJoin } from '../../src/sandbox/printed-join.ts'
import type { Sandbox, SandboxHost } from '../../src/sandbox/sandbox.ts'
import { kubectl, putInitConfig, renewHosts, sharedSandbox } from '../support/cluster.ts'
import { kubeadmSuite } from '../support/kubeadm-suite.ts'
import { podTraffic } from '../support/pod-traffic.ts'
import { skipInShortRun } from '../support/long-run.ts'

const hosts = ['h1', 'h2'] as const
let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: 2 })
})

type Family = (host: SandboxHost) => Omit<LabConfig, 'kubernetesVersion'> & { readonly nodeIp: string }

const dualStack: Family = ({ address, address6 }) => ({
  podSubnet: '10.244.0.0/16,fd00:10:244::/56',
  serviceSubnet: '10.96.0.0/16,fd00:10:96::/112',
  nodeIp: `${address},${address6}`,
})

const ipv6Only: Family = ({ address6 }) => ({
  podSubnet: 'fd00:10:244::/56',
  serviceSubnet: 'fd00:10:96::/112',
  advertiseAddress: address6,
  nodeIp: address6,
})

/** Returns what init printed. */
async function raise(family: Family): Promise<string> {
  await renewHosts(sandbox, hosts)
  const [first, second] = sandbox.hosts
  if (first === undefined || second === undefined) throw new Error('two hosts are needed')
  const file = await putInitConfig(sandbox, 'h1', family(first))
  const output = await sandbox.run('h1', ['kadm', 'init', '--config', file], { timeout: 180_000 })
  await sandbox.put('h2', '/etc/default/kubelet', `KUBELET_EXTRA_ARGS=--node-ip=${family(second).nodeIp}\n`)
  const { worker } = printedJoin(output)
  await sandbox.run('h2', ['kubeadm', ...(worker ?? []), '--ignore-preflight-errors=SystemVerification'], { timeout: 180_000 })
  await sandbox.network()
  await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=60s'], { timeout: 70_000 })
  await kubectl(sandbox, 'h1', ['rollout', 'status', '-n', 'kube-system', 'deployment/coredns', '--timeout=90s'], { timeout: 100_000 })
  return output
}

async function expectTraffic(families: number): Promise<void> {
  const { answers, addresses } = await podTraffic(sandbox, 'h1')
  expect(Object.keys(answers).toSorted()).toEqual(hosts)
  for (const [asker, heard] of Object.entries(answers)) {
    for (const [node, own] of Object.entries(addresses)) {
      expect(own).toHaveLength(families)
      for (const address of own) expect(`${asker} asks ${address}: ${heard[address]}`).toBe(`${asker} asks ${address}: ${node}`)
    }
    expect(hosts).toContain(heard['service'])
    expect(heard['dns']).toBe('ok')
  }
}

test('dual stack', async () => {
  await raise(dualStack)
  const service = await kubectl(sandbox, 'h1', ['get', 'service', '-n', 'default', 'kubernetes', '-o', 'jsonpath={.spec.clusterIPs}'])
  expect(service).toBe('["10.96.0.1"]')
  await expectTraffic(2)
  // On a cluster of one family, this spec skips itself.
  const spec = 'networking [setup-networking] dual-stack podSubnet should be properly configured if specified in kubeadm-config'
  expect(await kubeadmSuite(sandbox, 'h1', 'networking')).toEqual({ passed: [spec], skipped: [], failed: [] })
})

test('IPv6 only', async (context) => {
  skipInShortRun(context)
  const output = await raise(ipv6Only)
  const address = sandbox.hosts[0]?.address6
  expect(output).toContain(`kubeadm join [${address}]:6443 --token`)
  const names = await sandbox.run('h1', ['openssl', 'x509', '-noout', '-ext', 'subjectAltName', '-in', '/etc/kubernetes/pki/apiserver.crt'])
  expect(names).toContain('IP Address:FD00:10:96:0:0:0:0:1')
  await expectTraffic(1)
})
