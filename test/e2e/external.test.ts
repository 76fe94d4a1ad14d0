/** Clusters of which a part is kept elsewhere: the CA's key, or etcd. */
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { printedJoin } from '../../src/sandbox/printed-join.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { kubectl, putInitConfig, renewHosts, sharedSandbox } from '../support/cluster.ts'
import { skipInShortRun } from '../support/long-run.ts'

const pki = '/etc/kubernetes/pki'
const kubernetesVersion = 'v1.37.2'
const slow = { timeout: 240_000 }
let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: 3 })
})

beforeEach(() => renewHosts(sandbox))

async function phases(host: string, file: string, names: readonly string[]): Promise<void> {
  for (const name of names) await sandbox.run(host, ['kadm', 'init', 'phase', ...name.split('/'), '--config', file], slow)
}

test('an external CA: init makes do with what the key has signed before, and kubeadm sees who manages what', async () => {
  const file = await putInitConfig(sandbox, 'h1', { kubernetesVersion })
  await phases('h1', file, ['certs/all', 'kubeconfig/all'])
  const sums = async () => sandbox.run('h1', ['find', pki, '-type', 'f', '-exec', 'sha256sum', '{}', '+'])
  await sandbox.run('h1', ['rm', `${pki}/ca.key`])
  const before = await sums()
  await sandbox.run('h1', ['kadm', 'init', '--config', file], slow)
  expect(await sums()).toBe(before)
  await kubectl(sandbox, 'h1', ['wait', '--for=create', 'node/h1', '--timeout=30s'], slow)
  // There is nobody who could sign: the controller-manager is told so instead of failing at each request.
  const manager = await sandbox.run('h1', ['cat', '/etc/kubernetes/manifests/kube-controller-manager.yaml'])
  expect(manager).toMatch(/--cluster-signing-cert-file=$/m)
  expect(manager).toMatch(/--cluster-signing-key-file=$/m)
  const table = await sandbox.run('h1', ['kubeadm', 'certs', 'check-expiration'], slow)
  expect(table).toMatch(/^apiserver .* ca +yes *$/m)
  expect(table).toMatch(/^etcd-server .* etcd-ca +no *$/m)
})

test('an external CA whose signatures are not all there: every missing piece is told, nothing is made', async () => {
  const file = await putInitConfig(sandbox, 'h1', { kubernetesVersion })
  await phases('h1', file, ['certs/all'])
  await sandbox.run('h1', ['rm', `${pki}/ca.key`])
  const files = () => sandbox.run('h1', ['find', '/etc/kubernetes', '-type', 'f'])
  const before = await files()
  const { exitCode, stderr } = await sandbox.exec('h1', ['kadm', 'init', '--config', file], slow)
  expect(exitCode).toBe(1)
  for (const name of ['admin.conf', 'kubelet.conf', 'controller-manager.conf', 'scheduler.conf']) expect(stderr).toContain(name)
  expect(await files()).toBe(before)
})

test.for(['kubeadm', 'kadm'])('an external etcd with TLS, and a second control plane by %s that gets its certificates', async (tool, context) => {
  skipInShortRun(context)
  const [first, second] = sandbox.hosts
  const endpoint = `https://${second?.address}:2379`
  await startEtcd('h2', endpoint)
  for (const name of ['etcd/ca.crt', 'apiserver-etcd-client.crt', 'apiserver-etcd-client.key']) {
    await sandbox.put('h1', `${pki}/${name}`, await sandbox.run('h2', ['cat', `${pki}/${name}`]), 0o600)
  }
  const cluster = `etcd:
  external:
    endpoints: ["${endpoint}"]
    caFile: ${pki}/etcd/ca.crt
    certFile: ${pki}/apiserver-etcd-client.crt
    keyFile: ${pki}/apiserver-etcd-client.key
`
  const file = await putInitConfig(sandbox, 'h1', { kubernetesVersion, cluster, controlPlaneEndpoint: `${first?.address}:6443` })
  const output = await sandbox.run('h1', ['kadm', 'init', '--config', file, '--upload-certs'], slow)
  expect(await sandbox.run('h1', ['ls', '/etc/kubernetes/manifests'])).toBe('kube-apiserver.yaml\nkube-controller-manager.yaml\nkube-scheduler.yaml\n')
  expect(await sandbox.run('h1', ['ls', `${pki}/etcd`])).toBe('ca.crt\n')

  const { controlPlane } = printedJoin(output)
  await sandbox.run('h3', [tool, ...(controlPlane ?? []), '--ignore-preflight-errors=SystemVerification'], slow)
  expect(await sandbox.run('h3', ['ls', '/etc/kubernetes/manifests'])).toBe('kube-apiserver.yaml\nkube-controller-manager.yaml\nkube-scheduler.yaml\n')
  await sandbox.network()
  await kubectl(sandbox, 'h3', ['wait', '--for=condition=Ready', 'nodes', 'h1', 'h3', '--timeout=60s'], slow)
  const stored = await sandbox.run('h2', ['etcdctl', ...etcdAccess(endpoint), 'get', '--prefix', '--keys-only', '/registry/minions/'])
  expect(stored.trim().split(/\s+/)).toEqual(['/registry/minions/h1', '/registry/minions/h3'])
})

/** A member of its own on a host that is no node, with certificates of its own CA: kadm's phases make them. */
async function startEtcd(host: string, endpoint: string): Promise<void> {
  const file = await putInitConfig(sandbox, host, { kubernetesVersion })
  await phases(host, file, ['certs/etcd-ca', 'certs/etcd-server', 'certs/apiserver-etcd-client'])
  const tls = [`--cert-file=${pki}/etcd/server.crt`, `--key-file=${pki}/etcd/server.key`, `--trusted-ca-file=${pki}/etcd/ca.crt`, '--client-cert-auth']
  const flags = ['--name=outside', '--data-dir=/var/lib/etcd-outside', `--listen-client-urls=${endpoint}`, `--advertise-client-urls=${endpoint}`, ...tls]
  await sandbox.run(host, ['systemd-run', '--unit=etcd-outside', '/usr/bin/etcd', ...flags])
  await sandbox.run(host, ['sh', '-c', 'until etcdctl "$@" endpoint health; do sleep 0.2; done', 'wait', ...etcdAccess(endpoint)], { timeout: 30_000 })
}

function etcdAccess(endpoint: string): readonly string[] {
  return [`--endpoints=${endpoint}`, `--cacert=${pki}/etcd/ca.crt`, `--cert=${pki}/apiserver-etcd-client.crt`, `--key=${pki}/apiserver-etcd-client.key`]
}
