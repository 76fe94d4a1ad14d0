/**
 * What kubeadm leaves to the user: named by kadm, and removed on `--cleanup`. Rules that kube-proxy itself has made are in
 * `test/e2e/reset.test.ts`.
 */
import { expect, test } from 'vitest'
import { removalOf } from '../../../src/host/kube-proxy-rules.ts'
import { resetByKadm, type ResetScene } from './jailed-reset.ts'

const own = 'MIIBown'
const kubeconfig = (...authorities: readonly string[]): string =>
  JSON.stringify({
    kind: 'Config',
    clusters: authorities.map((ca, index) => ({
      name: `c${index}`,
      cluster: { server: 'https://x', 'certificate-authority-data': Buffer.from(pem(ca)).toString('base64') },
    })),
  })
const pem = (body: string): string => `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`
const homes =
  'root:x:0:0:root:/nonexistent-root:/bin/sh\n' +
  ['ann', 'bob', 'eve'].map((name, index) => `${name}:x:${1000 + index}:1000::/tmp/jail/${name}:/bin/sh\n`).join('')

const scene: ResetScene = {
  files: {
    '/etc/passwd': homes,
    '/etc/kubernetes/pki/ca.crt': pem(own),
    '/tmp/jail/ann/.kube/config': kubeconfig(own),
    '/tmp/jail/bob/.kube/config': kubeconfig(own, 'MIIBother'),
    '/tmp/jail/eve/.kube/config': kubeconfig('MIIBother'),
    '/tmp/jail/named.conf': kubeconfig(own),
    '/etc/cni/net.d/10-net.conflist': '{}',
    '/etc/cni/net.d/87-podman.conflist': '{}',
    '/var/lib/cni/networks/net/10.244.0.2': 'x',
  },
  environment: { KUBECONFIG: '/tmp/jail/named.conf:/tmp/jail/missing.conf' },
  before: [
    ['ip', 'link', 'add', 'cni0', 'type', 'bridge'],
    ['ip', 'link', 'add', 'mine0', 'type', 'bridge'],
  ],
  after: [['ip', '-o', 'link', 'show']],
}
const named = ['/etc/cni/net.d/10-net.conflist', '/var/lib/cni/networks/net', 'network device "cni0"']
const users = ['/tmp/jail/ann/.kube/config', '/tmp/jail/named.conf']

test('is left and named, exactly', async () => {
  const { exitCode, stdout, after, tree } = await resetByKadm(scene)
  expect(exitCode).toBe(0)
  const [, list = ''] = /leaves to you what others made on this host:\n([^]*?)\n\n/.exec(stdout) ?? []
  const shared = '/tmp/jail/bob/.kube/config (has other clusters too: take this one out with kubectl config delete-context)'
  expect(
    list
      .split('\n')
      .map((line) => line.trim())
      .toSorted(),
  ).toEqual([...named, ...users, shared].toSorted())
  expect(stdout).toContain('  kadm reset --force --cleanup=network\n  rm "/tmp/jail/ann/.kube/config"\n')
  expect(after).toContain('cni0')
  for (const file of [...users, '/etc/cni/net.d/10-net.conflist']) expect(tree.has(file)).toBe(true)
})

test('goes on --cleanup=network,kubeconfig, and nothing of others does', async () => {
  const { exitCode, stdout, stderr, after, tree } = await resetByKadm({ ...scene, words: ['--force', '--cleanup=network,kubeconfig'] })
  expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining('error:')])
  for (const one of [...named, ...users]) expect(stdout).toContain(`[reset] Removing ${one}\n`)
  expect([after.includes('cni0'), after.includes('mine0')]).toEqual([false, true])
  for (const file of [...users, '/etc/cni/net.d/10-net.conflist', '/var/lib/cni/networks/net']) expect(tree.has(file)).toBe(false)
  for (const file of ['/tmp/jail/bob/.kube/config', '/tmp/jail/eve/.kube/config', '/etc/cni/net.d/87-podman.conflist'])
    expect(tree.has(file)).toBe(true)
})

test('each word takes its own only, and a plan takes nothing', async () => {
  const network = await resetByKadm({ ...scene, words: ['--force', '--cleanup', 'network'] })
  expect([network.tree.has(users[0] ?? ''), network.after.includes('cni0')]).toEqual([true, false])
  const kubeconfigs = await resetByKadm({ ...scene, words: ['--force', '--cleanup', 'kubeconfig'] })
  expect([kubeconfigs.tree.has(users[0] ?? ''), kubeconfigs.after.includes('cni0')]).toEqual([false, true])
  const plan = await resetByKadm({ ...scene, words: ['--dry-run', '--cleanup=network,kubeconfig'] })
  expect([plan.exitCode, plan.tree.has(users[0] ?? ''), plan.after.includes('cni0')]).toEqual([0, true, true])
  expect(plan.stdout).toContain('[dryrun] Would run "find /tmp/jail/ann/.kube -mindepth 1 -maxdepth 1 -name config -delete"\n')
  expect(plan.stdout).toContain('[dryrun] Would run "ip link delete cni0"\n')
})

test('the chains of a table in one step: emptied, no rule elsewhere leads into them, then they go', () => {
  const saved = [
    '# x',
    '*filter',
    ':INPUT ACCEPT [0:0]',
    ':KUBE-A - [0:0]',
    '-A INPUT -g KUBE-A',
    '-A INPUT -m comment --comment "to KUBE-A" -j DROP',
    '-A KUBE-A -j RETURN',
    'COMMIT',
    '*mangle',
    ':INPUT ACCEPT [0:0]',
    'COMMIT',
  ]
  expect(removalOf(saved)).toEqual({ text: '*filter\n:KUBE-A - [0:0]\n-D INPUT -g KUBE-A\n-X KUBE-A\nCOMMIT\n', chains: 1, rules: 2 })
})

/**
 * Not every kernel has IPVS: stand-ins that know a question and an order each. The device and its addresses are real, but for their kind.
 */
const standIn = (question: string, answer: string, order: string): { readonly content: string; readonly mode: number } => ({
  content: `#!/bin/sh\ncase "$*" in\n--version) echo 1 ;;\n"${question}") printf '%b' '${answer}' ;;\n"${order} "*) echo "$0 $*" >>/tmp/jail/removed ;;\n*) exit 2 ;;\nesac\n`,
  mode: 0o755,
})
const ipvs = [
  '-t 10.96.0.1:443',
  '-u 10.96.0.10:53',
  '-t [fd00:10:96::1]:443',
  '-t 192.168.77.10:30080',
  '-u [fd00::10]:32767',
  '-t 192.168.77.10:80',
  '-t 192.0.2.1:30080',
  '-t 192.168.77.10:32768',
]

test("IPVS: the services at kube-proxy's own device and the node ports go, then the device and the sets of addresses; those of others stay", async () => {
  const table = ipvs.map((service) => `-A ${service} -s rr\n-a ${service} -r 10.244.0.2:443 -m -w 1\n`).join('')
  const ipvsScene: ResetScene = {
    files: {
      '/etc/kubernetes/pki/ca.crt': pem(own),
      '/tmp/jail/bin/ipvsadm': standIn('-S -n', `${table}-A -f 1 -s rr\n`, '-D'),
      '/tmp/jail/bin/ipset': standIn('list -n', 'KUBE-LOOP-BACK\nMINE\nKUBE-CLUSTER-IP\n', 'destroy'),
    },
    address6: 'fd00::10/64',
    environment: { PATH: '/tmp/jail/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    before: [
      ['ip', 'link', 'add', 'kube-ipvs0', 'type', 'bridge'],
      ...['10.96.0.1/32', '10.96.0.10/32', 'fd00:10:96::1/128'].map((address) => [
        'ip',
        'addr',
        'add',
        address,
        'dev',
        'kube-ipvs0',
        ...(address.includes('::') ? ['nodad'] : []),
      ]),
    ],
    after: [['ip', '-o', 'link', 'show']],
  }
  const first = await resetByKadm(ipvsScene)
  expect(first.stdout).toContain('  ipvs: 5 services, and the device "kube-ipvs0"\n  ipset: 2 sets KUBE-*\n')
  expect([first.exitCode, first.after.includes('kube-ipvs0'), first.tree.has('/tmp/jail/removed')]).toEqual([0, true, false])
  const { exitCode, stderr, after, tree } = await resetByKadm({ ...ipvsScene, words: ['--force', '--cleanup=network'] })
  expect([exitCode, stderr, after.includes('kube-ipvs0')]).toEqual([0, expect.not.stringContaining('error:'), false])
  const expected = [
    ...ipvs.slice(0, 5).map((service) => `ipvsadm -D ${service}`),
    'ipset destroy KUBE-LOOP-BACK',
    'ipset destroy KUBE-CLUSTER-IP',
  ]
  expect(String(tree.get('/tmp/jail/removed')?.content).trimEnd().split('\n')).toEqual(expected.map((line) => `/tmp/jail/bin/${line}`))

  const { '/tmp/jail/bin/ipvsadm': _, ...without } = ipvsScene.files ?? {}
  expect((await resetByKadm({ ...ipvsScene, files: without })).stdout).toContain(
    '  ipvs: services that only ipvsadm can show and remove, which is not installed, and the device "kube-ipvs0"\n',
  )
})
