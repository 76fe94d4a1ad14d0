/** Clusters of which a part is kept elsewhere: the CA's key, or etcd. */
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { printedJoin } from '../../src/sandbox/printed-join.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { kubectl, putInitConfig, renewHosts, sharedSandbox } from '../support/cluster.ts'
import { isLongRun } from '../support/long-run.ts'

const pki = '/etc/kubernetes/pki'
const slow = { timeout: 240_000 }
let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: isLongRun ? 3 : 1 })
})

beforeEach(() => renewHosts(sandbox))

async function phases(host: string, file: string, names: readonly string[]): Promise<void> {
  for (const name of names) await sandbox.run(host, ['kadm', 'init', 'phase', ...name.split('/'), '--config', file], slow)
}

test('an external CA: init makes do with what the key has signed before, and kubeadm sees who manages what', async () => {
  const file = await putInitConfig(sandbox, 'h1')
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
  const file = await putInitConfig(sandbox, 'h1')
  await phases('h1', file, ['certs/all'])
  await sandbox.run('h1', ['rm', `${pki}/ca.key`])
  const files = () => sandbox.run('h1', ['find', '/etc/kubernetes', '-type', 'f'])
  const before = await files()
  const { exitCode, stderr } = await sandbox.exec('h1', ['kadm', 'init', '--config', file], slow)
  expect(exitCode).toBe(1)
  for (const name of ['admin.conf', 'kubelet.conf', 'controller-manager.conf', 'scheduler.conf']) expect(stderr).toContain(name)
  expect(await files()).toBe(before)
})

test.runIf(isLongRun).for(['kubeadm', 'kadm'])(
  'an external etcd with TLS, and a second control plane by %s that gets its certificates',
  async (tool) => {
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
    const file = await putInitConfig(sandbox, 'h1', { cluster, controlPlaneEndpoint: `${first?.address}:6443` })
    const output = await sandbox.run('h1', ['kadm', 'init', '--config', file, '--upload-certs'], slow)
    expect(await sandbox.run('h1', ['ls', '/etc/kubernetes/manifests'])).toBe(
      'kube-apiserver.yaml\nkube-controller-manager.yaml\nkube-scheduler.yaml\n',
    )
    expect(await sandbox.run('h1', ['ls', `${pki}/etcd`])).toBe('ca.crt\n')

    const { controlPlane } = printedJoin(output)
    await sandbox.run('h3', [tool, ...(controlPlane ?? []), '--ignore-preflight-errors=SystemVerification'], slow)
    expect(await sandbox.run('h3', ['ls', '/etc/kubernetes/manifests'])).toBe(
      'kube-apiserver.yaml\nkube-controller-manager.yaml\nkube-scheduler.yaml\n',
    )
    await sandbox.network()
    await kubectl(sandbox, 'h3', ['wait', '--for=condition=Ready', 'nodes', 'h1', 'h3', '--timeout=60s'], slow)
    const stored = await sandbox.run('h2', ['etcdctl', ...etcdAccess(endpoint), 'get', '--prefix', '--keys-only', '/registry/minions/'])
    expect(stored.trim().split(/\s+/)).toEqual(['/registry/minions/h1', '/registry/minions/h3'])
  },
)

test.runIf(isLongRun).for([
  { tool: 'kubeadm', algorithm: 'RSA-2048' },
  { tool: 'kadm', algorithm: 'ECDSA-P256' },
])(
  'an external CA with $algorithm, and a second control plane by $tool: its files brought by hand, its kubelet signed for by the keeper of the key',
  { timeout: 400_000 },
  async ({ tool, algorithm }) => {
    const controlPlaneEndpoint = `${sandbox.hosts[0]?.address}:6443`
    const config = { controlPlaneEndpoint, encryptionAlgorithm: algorithm }
    const file = await putInitConfig(sandbox, 'h1', config)
    await phases('h1', file, ['certs/all', 'kubeconfig/all'])
    await Promise.all([carry('h1', 'h2', shared), carry('h1', 'h3', ['ca.crt', 'ca.key'])])
    await sandbox.run('h1', ['rm', `${pki}/ca.key`])
    // What only the CA can sign for h2 is made there while it has the key.
    await phases('h2', await putInitConfig(sandbox, 'h2', config), [
      'certs/apiserver',
      'certs/apiserver-kubelet-client',
      'kubeconfig/admin',
      'kubeconfig/controller-manager',
      'kubeconfig/scheduler',
    ])
    await sandbox.run('h2', ['rm', `${pki}/ca.key`])

    await sandbox.run('h1', ['kadm', 'init', '--config', file], slow)
    await startSigner('h3')
    const words = (await sandbox.run('h1', [tool, 'token', 'create', '--print-join-command'])).trim().split(/\s+/).slice(1)
    const before = await sandbox.run('h2', ['sha256sum', `${pki}/apiserver.crt`, '/etc/kubernetes/admin.conf'])
    await sandbox.run('h2', [tool, ...words, '--control-plane', '--ignore-preflight-errors=SystemVerification'], slow)
    expect(await sandbox.run('h2', ['sha256sum', `${pki}/apiserver.crt`, '/etc/kubernetes/admin.conf'])).toBe(before)
    expect((await sandbox.exec('h2', ['test', '-e', `${pki}/ca.key`])).exitCode).toBe(1)
    expect(await sandbox.run('h2', ['openssl', 'x509', '-in', `${pki}/etcd/server.crt`, '-noout', '-text'])).toContain(
      algorithm === 'RSA-2048' ? 'rsaEncryption' : 'id-ecPublicKey',
    )
    await sandbox.network()
    await kubectl(sandbox, 'h2', ['wait', '--for=condition=Ready', 'nodes', 'h1', 'h2', '--timeout=90s'], slow)
    const members = await sandbox.run('h2', [
      'etcdctl',
      '--endpoints=https://127.0.0.1:2379',
      `--cacert=${pki}/etcd/ca.crt`,
      `--cert=${pki}/etcd/server.crt`,
      `--key=${pki}/etcd/server.key`,
      'member',
      'list',
    ])
    expect(
      members
        .trim()
        .split('\n')
        .map((line) => line.split(', '))
        .map(([, state, name, , , isLearner]) => `${name} ${state} ${isLearner}`)
        .toSorted(),
    ).toEqual(['h1 started false', 'h2 started false'])
  },
)

const shared = ['ca.crt', 'ca.key', 'sa.key', 'sa.pub', 'front-proxy-ca.crt', 'front-proxy-ca.key', 'etcd/ca.crt', 'etcd/ca.key']

async function carry(from: string, to: string, names: readonly string[]): Promise<void> {
  await Promise.all(names.map(async (name) => sandbox.put(to, `${pki}/${name}`, await sandbox.run(from, ['cat', `${pki}/${name}`]), 0o600)))
}

/** Signs what is approved for clients, with the key on this host, which is no node. */
async function startSigner(host: string): Promise<void> {
  await sandbox.put(host, '/root/admin.conf', await sandbox.run('h1', ['cat', '/etc/kubernetes/admin.conf']), 0o600)
  await sandbox.put(host, '/root/signer.sh', signer)
  await sandbox.run(host, ['systemd-run', '--unit=signer', '--working-directory=/root', 'sh', '/root/signer.sh'])
}

const signer = `export KUBECONFIG=/root/admin.conf
printf 'extendedKeyUsage=clientAuth\\nkeyUsage=critical,digitalSignature,keyEncipherment\\n' >usage
while sleep 0.3; do
  for n in $(kubectl get csr -o jsonpath='{range .items[*]}{.metadata.name}={.status.conditions[0].type}={.status.certificate}{"\\n"}{end}' | sed -n 's/=Approved=$//p'); do
    kubectl get csr "$n" -o jsonpath='{.spec.request}' | base64 -d >"$n.csr"
    openssl x509 -req -in "$n.csr" -CA ${pki}/ca.crt -CAkey ${pki}/ca.key -days 30 -extfile usage -out "$n.crt"
    kubectl patch csr "$n" --subresource=status --type=merge -p '{"status":{"certificate":"'$(base64 -w0 "$n.crt")'"}}'
  done
done
`

/** A member of its own on a host that is no node, with certificates of its own CA: kadm's phases make them. */
async function startEtcd(host: string, endpoint: string): Promise<void> {
  const file = await putInitConfig(sandbox, host)
  await phases(host, file, ['certs/etcd-ca', 'certs/etcd-server', 'certs/apiserver-etcd-client'])
  const tls = [
    `--cert-file=${pki}/etcd/server.crt`,
    `--key-file=${pki}/etcd/server.key`,
    `--trusted-ca-file=${pki}/etcd/ca.crt`,
    '--client-cert-auth',
  ]
  const flags = [
    '--name=outside',
    '--data-dir=/var/lib/etcd-outside',
    `--listen-client-urls=${endpoint}`,
    `--advertise-client-urls=${endpoint}`,
    ...tls,
  ]
  await sandbox.run(host, ['systemd-run', '--unit=etcd-outside', '/usr/bin/etcd', ...flags])
  await sandbox.run(host, ['sh', '-c', 'until etcdctl "$@" endpoint health; do sleep 0.2; done', 'wait', ...etcdAccess(endpoint)], {
    timeout: 30_000,
  })
}

function etcdAccess(endpoint: string): readonly string[] {
  return [
    `--endpoints=${endpoint}`,
    `--cacert=${pki}/etcd/ca.crt`,
    `--cert=${pki}/apiserver-etcd-client.crt`,
    `--key=${pki}/apiserver-etcd-client.key`,
  ]
}
