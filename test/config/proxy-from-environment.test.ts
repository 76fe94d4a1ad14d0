/** Go's rules for proxies, against the real kubeadm: many environments in one jail. */
import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { httpsProxyFor } from '../../src/config/proxy-from-environment.ts'
import { runJailed } from '../support/jail.ts'
import { realBinary } from '../support/real-binary.ts'

const serviceSubnet = '10.96.0.0/16,fd00:96::/112'
const podSubnet = '10.244.0.0/16'
/** What kubeadm asks of each: address and port. */
const targets = [
  ['192.168.77.10', 443],
  ['10.96.0.1', 1234],
  ['fd00:96::1', 1234],
  ['10.244.0.1', 1234],
] as const

const exceptions = [
  '*',
  'localhost',
  '10.96.0.0/16',
  ' 10.96.0.1',
  '10.96.0.1:1234',
  '10.96.0.1:443',
  '192.168.77.10',
  '192.168.77.10:443',
  '192.168.0.0/16',
  '10.244.0',
  '.0.1',
  '10.0.0.0/8',
  '[fd00:96::1]:1234',
  'fd00:96::1',
  'fd00::/16',
  '::/0',
  '0.0.0.0/0',
  'example.com',
  ':1234',
  '',
]

test('which connections would go through a proxy', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const fixed = [
    { HTTPS_PROXY: 'http://proxy.example:3128' },
    { https_proxy: 'proxy.example:3128', NO_PROXY: '10.96.0.1:443,[fd00:96::1]:1234,192.168.77.10:443' },
  ]
  const environments = [...fixed, ...Array.from({ length: 10 }, randomEnvironment)]
  const config = `apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v1.37.2\nnetworking: {serviceSubnet: "${serviceSubnet}", podSubnet: ${podSubnet}}\n`
  const commands = environments.flatMap((environment) => [
    [
      'bash',
      '-c',
      'echo ===== >&2; env "$@" || true',
      'run',
      ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      kubeadm,
      'init',
      'phase',
      'preflight',
      '--config',
      '/tmp/jail/c',
      '--dry-run',
    ],
  ])
  const { stderr } = await runJailed(commands, { files: { '/tmp/jail/c': config, '/etc/resolv.conf': 'nameserver 127.0.0.1\n' } })
  const theirs = stderr
    .split('=====\n')
    .slice(1)
    .map((text) => [...text.matchAll(/WARNING HTTPProxy(?:CIDR)?\]: \w+ to "([^"]+)"/g)].map(([, target]) => target))
  expect(theirs).toHaveLength(environments.length)
  expect(theirs[0]).toEqual(labels)
  const ours = environments.map((environment) =>
    targets.flatMap(([host, port], i) => (httpsProxyFor(host, port, environment) === undefined ? [] : [labels[i]])),
  )
  for (const [i, environment] of environments.entries()) expect(ours[i], JSON.stringify(environment)).toEqual(theirs[i])
})

const labels = ['https://192.168.77.10', ...serviceSubnet.split(','), podSubnet]

test('names: a domain is for itself and what is below it', () => {
  const through = (host: string, entry: string): boolean =>
    httpsProxyFor(host, 443, { https_proxy: 'http://p:1', no_proxy: entry }) !== undefined
  expect(through('api.example.com', 'example.com')).toBe(false)
  expect(through('example.com', 'EXAMPLE.com')).toBe(false)
  expect(through('example.com', '.example.com')).toBe(true)
  expect(through('example.com', '*.example.com')).toBe(true)
  expect(through('badexample.com', 'example.com')).toBe(true)
  expect(through('localhost', '')).toBe(false)
  expect(through('127.3.2.1', '')).toBe(false)
})

function randomEnvironment(): Readonly<Record<string, string>> {
  const list = Array.from({ length: randomInt(4) }, () => exceptions[randomInt(1, exceptions.length)] ?? '')
  return {
    [pick('HTTPS_PROXY', 'https_proxy', 'HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY')]: pick(
      'http://proxy.example:3128',
      'proxy.example:3128',
      '',
    ),
    [pick('NO_PROXY', 'no_proxy')]: randomInt(12) === 0 ? '*' : list.join(','),
  }
}

function pick(...values: readonly string[]): string {
  return values[randomInt(values.length)] ?? ''
}
