/**
 * Three control planes behind a balancer from 1.36.3 to 1.37.2, one after the other, without an outage: by kadm, and by kadm and kubeadm
 * mixed.
 */
import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { ensureComponents } from '../../src/sandbox/components.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { startCounter, stopCounter } from '../support/api-counter.ts'
import { joinWords, kubectl, putInitConfig, renewHosts, sharedSandbox } from '../support/cluster.ts'
import { isLongRun } from '../support/long-run.ts'

const [older, newer] = ['v1.36.3', 'v1.37.2']
const hosts = ['h1', 'h2', 'h3'] as const
const cgroupVersion = '--ignore-preflight-errors=SystemVerification'
type Tool = 'kadm' | 'kubeadm'

let sandbox: Sandbox

describe.runIf(isLongRun)('three control planes', () => {
  beforeAll(async () => {
    sandbox = await sharedSandbox({ hosts: 3, furtherVersions: [older], loadBalancer: true })
  }, 300_000)

  test.each<{ readonly name: string; readonly tools: readonly [Tool, Tool, Tool] }>([
    { name: 'by kadm', tools: ['kadm', 'kadm', 'kadm'] },
    { name: 'begun by kubeadm, finished by kadm', tools: ['kubeadm', 'kadm', 'kadm'] },
    { name: 'begun by kadm, finished by kubeadm', tools: ['kadm', 'kubeadm', 'kadm'] },
  ])('$name', { timeout: 900_000 }, async ({ tools }) => {
    await olderCluster()
    await startCounter(sandbox, 'h1')
    for (const [index, host] of hosts.entries()) {
      const tool = tools[index] ?? 'kadm'
      const started = performance.now()
      const words = index === 0 ? ['apply', newer, '--yes'] : ['node']
      const said = await sandbox.run(host, [tool, 'upgrade', ...words, cgroupVersion], { timeout: 400_000 })
      process.stdout.write(`${host}: ${tool} upgrade ${words[0]}: ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
      // Addons are the last one's matter.
      if (index < 2) expect(said).toContain('Skipping upgrade of addons because control plane instances')
      else expect(said).toContain('Applied essential addon: CoreDNS')
    }
    const { acknowledged, lost, longest } = await stopCounter(sandbox, 'h1')
    process.stdout.write(`${acknowledged} writes through the balancer, the slowest took ${longest} ms\n`)
    expect(lost).toEqual([])
    if (tools.every((tool) => tool === 'kadm')) expect(longest).toBeLessThan(10_000)
    const images = await kubectl(sandbox, 'h1', [
      '-n',
      'kube-system',
      'get',
      'pods',
      '-l',
      'tier=control-plane',
      '-o',
      'jsonpath={range .items[*]}{.spec.containers[0].image}{"\\n"}{end}',
    ])
    expect(
      images
        .trim()
        .split('\n')
        .filter((image) => !image.endsWith(newer) && !image.endsWith('etcd:3.7.0-0')),
    ).toEqual([])
    expect(await etcdHashes()).toHaveLength(1)
  })
})

async function olderCluster(): Promise<void> {
  await renewHosts(sandbox, hosts)
  const { bin } = await ensureComponents(newer, { say: () => {} })
  const kubeadm = await readFile(`${bin}/kubeadm`)
  for (const host of hosts) await sandbox.version(host, older)
  const file = await putInitConfig(sandbox, 'h1', { kubernetesVersion: older, controlPlaneEndpoint: 'lb:6443' })
  await sandbox.run('h1', ['kubeadm', 'init', '--config', file], { timeout: 180_000 })
  const join = await joinWords(sandbox, 'h1')
  const key = (await sandbox.run('h1', ['kubeadm', 'init', 'phase', 'upload-certs', '--upload-certs'])).trim().split('\n').at(-1) ?? ''
  for (const host of hosts.slice(1))
    await sandbox.run(host, ['kubeadm', ...join, '--control-plane', '--certificate-key', key, cgroupVersion], { timeout: 240_000 })
  await sandbox.network()
  await kubectl(sandbox, 'h1', ['taint', 'nodes', '--all', 'node-role.kubernetes.io/control-plane-'])
  await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=60s'], { timeout: 70_000 })
  for (const host of hosts) await sandbox.put(host, '/usr/bin/kubeadm', kubeadm, 0o755)
}

/** Of the data of all members, at one revision: the same, when the members are. */
async function etcdHashes(): Promise<readonly string[]> {
  const certificates = [
    '--cacert=/etc/kubernetes/pki/etcd/ca.crt',
    '--cert=/etc/kubernetes/pki/etcd/healthcheck-client.crt',
    '--key=/etc/kubernetes/pki/etcd/healthcheck-client.key',
  ]
  const etcdctl = (...words: readonly string[]): Promise<string> =>
    kubectl(sandbox, 'h1', ['-n', 'kube-system', 'exec', 'etcd-h1', '--', 'etcdctl', ...certificates, ...words])
  const [status] = JSON.parse(await etcdctl('endpoint', 'status', '--write-out=json')) as readonly {
    readonly Status: { readonly header: { readonly revision: number } }
  }[]
  const found = JSON.parse(
    await etcdctl('endpoint', 'hashkv', '--cluster', `--rev=${status?.Status.header.revision}`, '--write-out=json'),
  ) as readonly { readonly HashKV: { readonly hash: number } }[]
  if (found.length !== 3) throw new Error(`etcd has ${found.length} members`)
  return [...new Set(found.map(({ HashKV }) => String(HashKV.hash)))]
}
