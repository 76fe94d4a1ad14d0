/** The checks of a join before discovery, beside the real kubeadm in the same jail: the sets of `ERROR <name>` and `WARNING <name>`. */
import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { checkBothJoin, inBackground } from './beside-kubeadm.ts'

const forward = ['sysctl', '-qw', 'net.ipv4.ip_forward=1']
const token = 'abcdef.0123456789abcdef'

function byToken(apiServerEndpoint: string, more: Readonly<Record<string, unknown>> = {}) {
  const bootstrapToken = { token, apiServerEndpoint, unsafeSkipCAVerification: true }
  return { discovery: { bootstrapToken }, timeouts: { discovery: '1s' }, ...more }
}

test('a fresh host: worker and control plane, with forwarding and without', async (context) => {
  for (const controlPlane of [undefined, { localAPIEndpoint: { advertiseAddress: '192.168.77.10' } }]) {
    const on = randomInt(2) === 0
    const join = byToken('192.168.77.10:6443', controlPlane && { controlPlane })
    const { kubeadm, kadm, kadmOnly, text } = await checkBothJoin(context, { join, arrange: on ? [forward] : [] })
    expect(kadm).toEqual(kubeadm)
    expect(kadm).toContain('ERROR CRI')
    expect(kadm.includes('ERROR FileContent--proc-sys-net-ipv4-ip_forward')).toBe(!on)
    expect(kadmOnly).toEqual(['WARNING EndpointReachable'])
    expect(text).toMatch(
      /EndpointReachable\]: 192\.168\.77\.10:6443 does not answer yet: connect ECONNREFUSED .*kadm asks again until the time for discovery is over/,
    )
  }
})

test('leftovers of another cluster: a CA stands in the way of workers only', async (context) => {
  const files = {
    '/etc/kubernetes/kubelet.conf': '',
    '/etc/kubernetes/bootstrap-kubelet.conf': '',
    '/etc/kubernetes/pki/ca.crt': '',
    '/etc/kubernetes/manifests/etcd.yaml': '',
  }
  const worker = await checkBothJoin(context, { join: byToken('192.168.77.10:6443'), files })
  expect(worker.kadm).toEqual(worker.kubeadm)
  expect(worker.kadm.filter((name) => name.includes('FileAvailable'))).toEqual([
    'ERROR FileAvailable--etc-kubernetes-bootstrap-kubelet.conf',
    'ERROR FileAvailable--etc-kubernetes-kubelet.conf',
    'ERROR FileAvailable--etc-kubernetes-pki-ca.crt',
  ])
  const caCertPath = '/etc/my/ca.crt'
  const elsewhere = await checkBothJoin(context, {
    join: { ...byToken('192.168.77.10:6443'), caCertPath },
    files: { ...files, [caCertPath]: '' },
  })
  expect(elsewhere.kadm).toEqual(elsewhere.kubeadm)
  expect(elsewhere.kadm).toContain('ERROR FileAvailable--etc-my-ca.crt')
  const controlPlane = { localAPIEndpoint: { advertiseAddress: '192.168.77.10' } }
  const second = await checkBothJoin(context, { join: byToken('192.168.77.10:6443', { controlPlane }), files })
  expect(second.kadm).toEqual(second.kubeadm)
  expect(second.kadm.filter((name) => name.includes('pki'))).toEqual([])
})

test('what an unfinished join has left is no obstacle to kadm: its own files, and what its kubelet made of them', async (context) => {
  const files = {
    '/etc/kubernetes/kubelet.conf': '',
    '/etc/kubernetes/bootstrap-kubelet.conf': '',
    '/etc/kubernetes/pki/ca.crt': '',
  }
  const owned = ['/etc/kubernetes/bootstrap-kubelet.conf', '/etc/kubernetes/pki/ca.crt', '/var/lib/kubelet/config.yaml']
  const arrange = [inBackground("require('net').createServer().listen(10250)")]
  const { kubeadm, kadm } = await checkBothJoin(context, { join: byToken('192.168.77.10:6443'), files, owned, arrange })
  const left = kubeadm.filter((name) => /FileAvailable|Port-10250/.test(name))
  expect(left).toHaveLength(4)
  expect(kadm).toEqual(kubeadm.filter((name) => !left.includes(name)))
})

test('endpoints of other families and by name; a proxy on the way', async (context) => {
  const environment = { HTTPS_PROXY: 'http://proxy.example:3128' }
  for (const endpoint of ['[fd00:77::10]:6443', 'localhost:7443', '192.168.77.10:6443', 'stranger.example:6443']) {
    const { kubeadm, kadm, kadmOnly, text } = await checkBothJoin(context, {
      join: byToken(endpoint),
      environment,
      address6: 'fd00:77::10/64',
    })
    expect(kadm, endpoint).toEqual(kubeadm)
    expect(kadm.includes('WARNING HTTPProxy'), endpoint).toBe(!endpoint.startsWith('localhost'))
    // A name that nobody knows does not come up by waiting.
    if (endpoint.startsWith('stranger')) expect(text).toMatch(/\[(ERROR|WARNING) EndpointReachable\]: stranger\.example:6443 /)
    else expect(kadmOnly, endpoint).toEqual(['WARNING EndpointReachable'])
  }
})

test('discovery by file: its server is looked at, by kadm alone', async (context) => {
  const join = { discovery: { file: { kubeConfigPath: '/tmp/jail/discovery.conf' } } }
  const port = 20_000 + Math.floor(Math.random() * 10_000)
  const named = `apiVersion: v1\nkind: Config\nclusters: [{name: '', cluster: {server: "https://192.168.77.10:${port}"}}]\n`
  const { kubeadm, kadm, kadmOnly, text } = await checkBothJoin(context, { join, files: { '/tmp/jail/discovery.conf': named } })
  expect(kadm).toEqual(kubeadm)
  expect(kadmOnly).toEqual(['WARNING EndpointReachable'])
  expect(text).toContain(`[WARNING EndpointReachable]: 192.168.77.10:${port} does not answer yet: `)
})

test('discovery by a file that names no server: nothing is asked of an endpoint', async (context) => {
  const join = { discovery: { file: { kubeConfigPath: '/tmp/jail/discovery.conf' } } }
  const files = { '/tmp/jail/discovery.conf': 'apiVersion: v1\nkind: Config\n' }
  const { kubeadm, kadm, kadmOnly } = await checkBothJoin(context, { join, files })
  expect(kadm).toEqual(kubeadm)
  expect(kadm.filter((name) => /Proxy|FileContent/.test(name))).toEqual([])
  expect(kadmOnly).toEqual([])
})

test('without rights only that is told; errors that are ignored are warnings', async (context) => {
  const as = ['setpriv', '--reuid', '65534', '--clear-groups', '--inh-caps', '+dac_read_search', '--ambient-caps', '+dac_read_search']
  const environment = { KUBEADM_JOIN_DRYRUN_DIR: '/tmp/jail/plan' }
  const { kubeadm, kadm } = await checkBothJoin(context, {
    join: byToken('192.168.77.10:6443'),
    as,
    environment,
    arrange: [['mkdir', '-m', '777', '/tmp/jail/plan']],
  })
  expect(kubeadm).toEqual(['ERROR IsPrivilegedUser'])
  expect(kadm).toEqual(kubeadm)
  const ignored = await checkBothJoin(context, { join: byToken('192.168.77.10:6443'), ignore: 'cri,SWAP,NoSuchCheck' })
  expect(ignored.kadm).toEqual(ignored.kubeadm)
  expect(ignored.kadm).toContain('WARNING CRI')
})
