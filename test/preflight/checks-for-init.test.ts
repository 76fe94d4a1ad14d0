/** Whole check lists, beside the real kubeadm in the same jail: what is compared is the set of `ERROR <name>` and `WARNING <name>`. */
import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { checkBoth, inBackground } from './beside-kubeadm.ts'

const forward = ['sysctl', '-qw', 'net.ipv4.ip_forward=1']

test('a fresh host without container runtime and forwarding', async (context) => {
  const { kubeadm, kadm, kadmOnly } = await checkBoth(context, {})
  expect(kadm).toEqual(kubeadm)
  expect(kadm).toContain('ERROR CRI')
  expect(kadm).toContain('ERROR FileContent--proc-sys-net-ipv4-ip_forward')
  expect(kadmOnly).toEqual([])
})

test('forwarding switched on, leftovers of another cluster, an empty etcd directory', async (context) => {
  const left = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd'].filter(() => randomInt(2) === 0)
  const files = Object.fromEntries([...left, 'other'].map((name) => [`/etc/kubernetes/manifests/${name}.yaml`, 'kind: Pod\n']))
  const { kubeadm, kadm } = await checkBoth(context, { files, arrange: [forward, ['mkdir', '-p', '/var/lib/etcd']] })
  expect(kadm).toEqual(kubeadm)
  expect(kadm.filter((name) => name.startsWith('ERROR FileAvailable-'))).toHaveLength(left.length)
  expect(kadm.filter((name) => /DirAvailable|ip_forward/.test(name))).toEqual([])
})

test('data in the etcd directory, also when it is not the default one', async (context) => {
  const { kubeadm, kadm } = await checkBoth(context, {
    files: { '/var/lib/my/etcd/member/x': '' },
    cluster: 'etcd: {local: {dataDir: /var/lib/my/etcd}}',
  })
  expect(kadm).toEqual(kubeadm)
  expect(kadm).toContain('ERROR DirAvailable--var-lib-my-etcd')
})

test('ports taken on this and that address', async (context) => {
  const addresses = ['0.0.0.0', '127.0.0.1', '192.168.77.10', '::', '::1']
  const taken = [6443, 10250, 10257, 10259, 2379, 2380].map((port) => ({ port, address: addresses[randomInt(addresses.length)] ?? '' }))
  const { kubeadm, kadm } = await checkBoth(context, { arrange: [listenOn(taken)] })
  expect(kadm, JSON.stringify(taken)).toEqual(kubeadm)
  expect(kadm).toContain('ERROR Port-10250')
})

test('bind addresses, another port, another advertised address', async (context) => {
  const taken = [6443, 7443, 10257, 10259].map((port) => ({ port, address: '192.168.77.10' }))
  const { kubeadm, kadm } = await checkBoth(context, {
    arrange: [listenOn([...taken, { port: 2379, address: '127.0.0.1' }])],
    cluster: `apiServer: {extraArgs: [{name: bind-address, value: 192.168.77.10}, {name: advertise-address, value: 127.0.0.1}]}
controllerManager: {extraArgs: [{name: bind-address, value: 127.0.0.2}]}
scheduler: {extraArgs: [{name: bind-address, value: 127.0.0.2}, {name: bind-address, value: 192.168.77.10}]}`,
    init: 'localAPIEndpoint: {bindPort: 7443}',
  })
  expect(kadm).toEqual(kubeadm)
  expect(kadm.filter((name) => name.includes('Port-'))).toEqual(['ERROR Port-10259', 'ERROR Port-2379', 'ERROR Port-7443'])
})

test('without rights only that is told', async (context) => {
  const as = ['setpriv', '--reuid', '65534', '--clear-groups', '--inh-caps', '+dac_read_search', '--ambient-caps', '+dac_read_search']
  const { kubeadm, kadm } = await checkBoth(context, {
    as,
    arrange: [['mkdir', '-m', '777', '/tmp/jail/plan']],
    environment: { KUBEADM_INIT_DRYRUN_DIR: '/tmp/jail/plan' },
  })
  expect(kubeadm).toEqual(['ERROR IsPrivilegedUser'])
  expect(kadm).toEqual(kubeadm)
})

const kubelets = [
  null,
  'Kubernetes v1.33.12',
  'Kubernetes v1.34.0-rc.1',
  ' Kubernetes v1.34.0+fips ',
  'Kubernetes v1.38.0-alpha.1',
  'something',
].map((kubelet) => ({ kubelet }))
test.for(kubelets)('a kubelet that says $kubelet', async ({ kubelet }, context) => {
  const { kubeadm, kadm } = await checkBoth(context, { kubelet })
  expect(kadm).toEqual(kubeadm)
})

test('names that do not resolve or are too long', async (context) => {
  const long = `${'n'.repeat(60)}.example`
  for (const scene of [
    { hostname: 'stranger', files: { '/etc/hosts': '127.0.0.1 localhost\n' } },
    { init: `nodeRegistration: {name: ${long}}`, hostname: long.slice(0, 60) },
  ]) {
    const { kubeadm, kadm } = await checkBoth(context, scene)
    expect(kadm).toEqual(kubeadm)
    expect(kadm).toContain('WARNING Hostname')
  }
})

test('two families of addresses', async (context) => {
  const { kubeadm, kadm } = await checkBoth(context, {
    address6: 'fd00:77::10/64',
    arrange: [forward],
    cluster: 'networking: {serviceSubnet: "10.96.0.0/16,fd00:10:96::/112", podSubnet: "10.244.0.0/16,fd00:10:244::/56"}',
  })
  expect(kadm).toEqual(kubeadm)
  expect(kadm.filter((name) => name.includes('FileContent'))).toEqual(['ERROR FileContent--proc-sys-net-ipv6-conf-default-forwarding'])
})

test('a newer Kubernetes than known', async (context) => {
  const { kubeadm, kadm } = await checkBoth(context, { cluster: '', version: 'v1.38.0-rc.0' })
  expect(kadm).toEqual(kubeadm)
  expect(kadm).toContain('WARNING KubernetesVersion')
})

test('programs missing and no init system', async (context) => {
  const arrange = [['ln', '-s', '/usr/bin/getent', '/usr/bin/mount', '/tmp/jail/bin/']]
  const { kubeadm, kadm } = await checkBoth(context, { arrange, as: ['/usr/bin/env', 'PATH=/tmp/jail/bin'] })
  expect(kadm).toEqual(kubeadm)
  expect(kadm.filter((name) => /FileExisting|Firewalld|Service/.test(name))).toEqual([
    'ERROR FileExisting-cp',
    'ERROR FileExisting-losetup',
    'WARNING Firewalld',
    'WARNING Service-kubelet',
  ])
})

test('proxies', async (context) => {
  const { kubeadm, kadm } = await checkBoth(context, {
    environment: { HTTPS_PROXY: 'http://proxy.example:3128', NO_PROXY: 'localhost,192.168.77.0/24,10.96.0.1:443' },
    cluster: 'networking: {podSubnet: 10.244.0.0/16}',
  })
  expect(kadm).toEqual(kubeadm)
  expect(kadm.filter((name) => name.includes('Proxy') || name.includes('PROXY'))).toEqual(['WARNING HTTPProxyCIDR'])
})

test('errors that the user ignores become warnings, whatever the case of their names', async (context) => {
  const { kubeadm, kadm } = await checkBoth(context, {
    ignore: 'cri,SYSTEMVERIFICATION,NoSuchCheck',
    init: 'nodeRegistration: {ignorePreflightErrors: [ContainerRuntimeVersion]}',
  })
  expect(kadm).toEqual(kubeadm)
  expect(kadm).toContain('WARNING CRI')
  const all = await checkBoth(context, { ignore: 'all' })
  expect(all.kadm).toEqual(all.kubeadm)
  expect(all.kadm.filter((name) => name.startsWith('ERROR'))).toEqual([])
})

test('external etcd: too old, and files that are not there', async (context) => {
  const answer = `require('http').createServer((q, r) => r.end('{"etcdserver":"' + (q.url === '/version' ? '3.5.23' : '9.9.9') + '","etcdcluster":"3.5.0"}')).listen(2379, '127.0.0.1')`
  const { kubeadm, kadm } = await checkBoth(context, {
    arrange: [inBackground(answer)],
    cluster: 'etcd: {external: {endpoints: ["http://127.0.0.1:2379/"]}}',
  })
  expect(kadm).toEqual(kubeadm)
  expect(kadm).toContain('ERROR ExternalEtcdVersion')
})

test('what an unfinished run has left is no obstacle to kadm, and is one to kubeadm', async (context) => {
  const manifests = '/etc/kubernetes/manifests'
  const { kubeadm, kadm } = await checkBoth(context, {
    files: { [`${manifests}/etcd.yaml`]: '', [`${manifests}/kube-apiserver.yaml`]: '', '/var/lib/etcd/member/x': '' },
    arrange: [
      listenOn([
        { port: 2379, address: '127.0.0.1' },
        { port: 2380, address: '192.168.77.10' },
        { port: 6443, address: '0.0.0.0' },
        { port: 10259, address: '0.0.0.0' },
      ]),
    ],
    owned: [`${manifests}/etcd.yaml`, `${manifests}/kube-apiserver.yaml`],
  })
  const own = [
    'ERROR DirAvailable--var-lib-etcd',
    'ERROR FileAvailable--etc-kubernetes-manifests-etcd.yaml',
    'ERROR FileAvailable--etc-kubernetes-manifests-kube-apiserver.yaml',
    'ERROR Port-2380',
    'ERROR Port-6443',
  ]
  expect(kubeadm).toEqual(expect.arrayContaining(own))
  expect(kadm).toEqual(kubeadm.filter((name) => !own.includes(name)))
  // Nobody who is known opened this one.
  expect(kadm).toContain('ERROR Port-10259')
})

test('a host inside the Service range: kubeadm goes on, kadm says why not', async (context) => {
  const { kubeadm, kadm, kadmOnly, text } = await checkBoth(context, { address: `10.${randomInt(96, 112)}.3.4/24` })
  expect(kadm).toEqual(kubeadm)
  expect(kadmOnly).toEqual(['ERROR NetworkOverlap'])
  expect(text).toMatch(
    /NetworkOverlap\]: address 10\.\d+\.3\.4 of eth0 lies in the Service range 10\.96\.0\.0\/12: .*choose another networking\.serviceSubnet/,
  )
})

/** All are listened on when it ends. */
function listenOn(taken: readonly { readonly port: number; readonly address: string }[]): readonly string[] {
  const listen = taken.map(
    ({ port, address }) => `await new Promise((up) => createServer().listen({port: ${port}, host: '${address}', ipv6Only: true}, up))`,
  )
  const program = `import { createServer } from 'node:net'; ${listen.join('; ')}; console.log('listening')`
  const script = 'out=$(mktemp -p /run); { "$@" >"$out" 2>&1 & }; until [ -s "$out" ]; do sleep 0.02; done'
  return ['bash', '-c', script, 'listen', process.execPath, '--input-type=module', '-e', program]
}

/** Started, and given the time to listen. */
