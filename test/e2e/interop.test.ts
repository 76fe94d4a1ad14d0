/**
 * A cluster of both IP families that kadm began, as the real kubeadm sees it: it joins nodes to it with the printed commands, looks after
 * it, and takes it apart.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { newestKubernetes } from '../../src/config/own-version.ts'
import { printedJoin } from '../../src/sandbox/printed-join.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { kubectl, putInitConfig, renewHosts, sharedSandbox } from '../support/cluster.ts'
import { dualStack, familyConfig, setNodeIp } from '../support/ip-families.ts'
import { kubeadmSuite } from '../support/kubeadm-suite.ts'
import { onKubeadm } from '../support/kubeadm-suite-specs.ts'
import { etcdVoters, expectPodTraffic } from '../support/whole-cluster.ts'

const hosts = ['h1', 'h2', 'h3'] as const
// The hosts may have cgroup v1, which SystemVerification refuses from kubelet 1.35 on.
const labHost = '--ignore-preflight-errors=SystemVerification'
const slow = { timeout: 240_000 }

let sandbox: Sandbox
let initOutput = ''

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: 3, loadBalancer: true })
  await renewHosts(sandbox, hosts)
  const file = await putInitConfig(sandbox, 'h1', {
    ...familyConfig(sandbox, dualStack),
    encryptionAlgorithm: 'RSA-2048',
    controlPlaneEndpoint: `${sandbox.loadBalancer?.address}:6443`,
  })
  for (const host of ['h2', 'h3']) await setNodeIp(sandbox, host, dualStack)
  initOutput = await sandbox.run('h1', ['kadm', 'init', '--config', file, '--upload-certs'], slow)
})

/** Runs kubeadm on h1 and returns its standard output. */
function kubeadm(...words: readonly string[]): Promise<string> {
  return sandbox.run('h1', ['kubeadm', ...words], slow)
}

describe('the real kubeadm on a cluster that kadm began', () => {
  test('joins a worker with the printed command, as it stands', async () => {
    const { worker } = printedJoin(initOutput)
    await sandbox.run('h3', ['kubeadm', ...(worker ?? []), labHost], slow)
    expect(await sandbox.run('h3', ['systemctl', 'is-active', 'kubelet'])).toBe('active\n')
  })

  test('joins a control plane with the printed command and certificate key', async () => {
    const { controlPlane } = printedJoin(initOutput)
    await sandbox.run('h2', ['kubeadm', ...(controlPlane ?? []), labHost], slow)
    expect(await etcdVoters(sandbox, 'h1')).toEqual(['h1', 'h2'])
    for (const file of ['ca.key', 'sa.key', 'sa.pub', 'front-proxy-ca.key', 'etcd/ca.key']) {
      const [ours, theirs] = await Promise.all(['h1', 'h2'].map((host) => sandbox.run(host, ['sha256sum', `/etc/kubernetes/pki/${file}`])))
      expect(theirs).toBe(ours)
    }
  })

  test('with a pod network, every node is Ready and CoreDNS runs', async () => {
    await sandbox.network()
    await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=60s'], slow)
    const nodes = await kubectl(sandbox, 'h1', ['get', 'nodes', '-o', 'name'])
    expect(nodes.trim().split('\n')).toEqual(hosts.map((host) => `node/${host}`))
    await kubectl(sandbox, 'h1', ['rollout', 'status', '-n', 'kube-system', 'deployment/coredns', '--timeout=90s'], slow)
    await kubectl(sandbox, 'h1', ['rollout', 'status', '-n', 'kube-system', 'daemonset/kube-proxy', '--timeout=60s'], slow)
  })

  test('Pods on every node reach each other over both families, the Service and names', async () => {
    const service = await kubectl(sandbox, 'h1', ['get', 'service', '-n', 'default', 'kubernetes', '-o', 'jsonpath={.spec.clusterIPs}'])
    expect(service).toBe('["10.96.0.1"]')
    await expectPodTraffic(sandbox, 'h1', hosts, 2)
  })

  test("passes kubeadm's own end-to-end suite, spec by spec as on a cluster of kubeadm", async () => {
    expect(await kubeadmSuite(sandbox, 'h1')).toEqual(onKubeadm)
  })

  test('certs check-expiration finds every certificate', async () => {
    const table = await kubeadm('certs', 'check-expiration')
    expect(table).not.toMatch(/MISSING|invalid/i)
    const names = table
      .split('\n')
      .filter((line) => / UTC /.test(line))
      .map((line) => line.split(' ')[0])
    expect(names.join(' ')).toBe(
      'admin.conf apiserver apiserver-etcd-client apiserver-kubelet-client controller-manager.conf etcd-healthcheck-client etcd-peer etcd-server ' +
        'front-proxy-client scheduler.conf super-admin.conf ca etcd-ca front-proxy-ca',
    )
  })

  test('token list shows the token of init', async () => {
    const token = /--token (\S+)/.exec(initOutput)?.[1] ?? 'no token printed'
    const line = (await kubeadm('token', 'list')).split('\n').find((one) => one.startsWith(token))
    expect(line).toMatch(/^\S+ +23h +\S+ +authentication,signing +<none> +system:bootstrappers:kubeadm:default-node-token$/)
  })

  test('config validate accepts what is stored', async () => {
    const stored = async (name: string, key: string) => {
      const found = JSON.parse(await kubectl(sandbox, 'h1', ['get', 'configmap', '-n', 'kube-system', name, '-o', 'json'])) as {
        data: Record<string, string>
      }
      return found.data[key] ?? ''
    }
    const documents = [
      await stored('kubeadm-config', 'ClusterConfiguration'),
      await stored('kubelet-config', 'kubelet'),
      await stored('kube-proxy', 'config.conf'),
    ]
    expect(documents.map((text) => /^kind: (\w+)$/m.exec(text)?.[1])).toEqual([
      'ClusterConfiguration',
      'KubeletConfiguration',
      'KubeProxyConfiguration',
    ])
    await sandbox.put('h1', '/root/stored.yaml', documents.join('\n---\n'))
    expect(await kubeadm('config', 'validate', '--config', '/root/stored.yaml')).toBe('ok\n')
  })

  test('upgrade plan and a dry run of upgrade apply', async () => {
    expect(await kubeadm('upgrade', 'plan', newestKubernetes)).toContain(`[upgrade/versions] Cluster version: ${newestKubernetes.slice(1)}`)
    expect(await kubeadm('upgrade', 'apply', newestKubernetes, '--yes', '--dry-run', labHost)).toContain(
      'Finished dryrunning successfully!',
    )
  })

  test('certs renew all, and the new admin.conf works', async () => {
    const serial = () => sandbox.run('h1', ['openssl', 'x509', '-noout', '-serial', '-in', '/etc/kubernetes/pki/apiserver.crt'])
    const before = await serial()
    const said = await kubeadm('certs', 'renew', 'all')
    expect(said.match(/ renewed$/gm)).toHaveLength(11)
    expect(await serial()).not.toBe(before)
    expect(await kubectl(sandbox, 'h1', ['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'])).toBe('kubernetes-admin')
  })

  test('reset takes the cluster apart, host by host', async () => {
    await sandbox.run('h3', ['kubeadm', 'reset', '-f'], slow)
    await sandbox.run('h2', ['kubeadm', 'reset', '-f'], slow)
    expect(await etcdVoters(sandbox, 'h1')).toEqual(['h1'])
    await sandbox.run('h1', ['kubeadm', 'reset', '-f'], slow)
    // The dry run above keeps its files in /etc/kubernetes/tmp.
    for (const host of hosts)
      expect(await sandbox.run(host, ['find', '/etc/kubernetes', '-type', 'f', '-not', '-path', '*/tmp/*'])).toBe('')
  })

  test('kadm begins a cluster again on the host that kubeadm reset', async () => {
    const { worker: before } = printedJoin(initOutput)
    const again = await sandbox.run('h1', ['kadm', 'init', '--config', '/root/init.yaml'], slow)
    const { worker } = printedJoin(again)
    expect(worker).toContain('--token')
    expect(worker).not.toEqual(before)
    await sandbox.run('h3', ['kubeadm', ...(worker ?? []), labHost], slow)
    await kubectl(sandbox, 'h1', ['wait', '--for=create', 'node/h3', '--timeout=30s'], slow)
  })
})
