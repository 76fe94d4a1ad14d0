/** `kadm kubeconfig user` beside kubeadm's, on one host with one CA (cases F): what is printed, and what is refused. */
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { parseYaml } from '../../src/config/yaml.ts'
import { treeMeaning } from '../interop/difference/meaning.ts'
import type { Ended } from '../support/command-line.ts'
import { runJailed, type JailOptions, type TreeEntry } from '../support/jail.ts'
import { realBinary } from '../support/real-binary.ts'

const name = `user-${randomBytes(3).toString('hex')}`
const group = `team:${randomBytes(3).toString('hex')}`
const hours = 1 + Math.floor(Math.random() * 5000)
const config = '/tmp/jail/config.yaml'
/** With a version: kubeadm would look for the newest in the network. */
const plain = '/tmp/jail/plain.yaml'
const fast = '/tmp/jail/fast.yaml'
const plainCluster = 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v1.37.0\n'
const cluster = `apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.37.0
clusterName: c-${name}
controlPlaneEndpoint: lb.${name}.example
encryptionAlgorithm: ECDSA-P256
`

interface Both {
  readonly kubeadm: Ended
  readonly kadm: Ended
  readonly tree: ReadonlyMap<string, TreeEntry>
}

type Words = readonly string[]

/** Each line of words by both tools, all on one host with a CA; `before`: commands that change it first. */
async function both(
  kubeadm: string,
  lines: readonly Words[],
  before: readonly Words[] = [],
  options: JailOptions = {},
): Promise<readonly Both[]> {
  const run = lines.flatMap((words) =>
    [kubeadm, 'kadm'].map((program) => [
      program,
      'kubeconfig',
      'user',
      ...words,
      ...(words.includes('--config') ? [] : ['--config', plain]),
    ]),
  )
  const start = [[kubeadm, 'init', 'phase', 'certs', 'ca', '--config', fast], ...before]
  const files = { [plain]: plainCluster, [fast]: `${plainCluster}encryptionAlgorithm: ECDSA-P256\n`, [config]: cluster, ...options.files }
  const { results, tree } = await runJailed([...start, ...run], { ...options, files, keepGoing: true })
  for (const { exitCode, stderr } of results.slice(0, start.length)) expect(exitCode, stderr).toBe(0)
  return lines.map((_, index) => {
    const [theirs, ours] = results.slice(start.length + 2 * index)
    if (theirs === undefined || ours === undefined) throw new Error('the jail was ended too early')
    return { kubeadm: theirs, kadm: ours, tree }
  })
}

/** What one text says of the user, the cluster and the certificate. */
function meaning({ tree }: Both, { stdout }: Ended): ReturnType<typeof treeMeaning> {
  const [, authority] = [...tree].find(([path]) => path === '/etc/kubernetes/pki/ca.crt') ?? []
  if (authority === undefined) throw new Error('the host has no CA')
  return treeMeaning(
    new Map([
      ['/ca.crt', authority],
      ['/user.conf', { ...authority, content: Buffer.from(stdout) }],
    ]),
  )
}

const printed: readonly Words[] = [
  ['--client-name', name],
  ['--client-name', name, '--org', group],
  ['--client-name', name, '--org', `${group},b`, '--org=a', '--validity-period', `${hours}h30m`],
  ['--client-name', name, '--token', `secret-${name}`],
  ['--client-name', name, '--token', `secret-${name}`, '--org', group, '--config', config],
  ['--client-name', name, '--config', config],
  ['--client-name', name, '--validity-period', '99999h', '--org', 'system:masters'],
  ['--client-name', `system:node:${name}`, '--org', 'system:nodes'],
  ['--client-name', `${name} with: blanks`, '--config', config],
]

test('a certificate or a token, the groups that were asked for, and no others (F1, F9)', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  for (const [index, one] of (await both(kubeadm, printed)).entries()) {
    const words = printed[index]?.join(' ')
    expect([words, one.kubeadm.exitCode, one.kadm.exitCode], one.kadm.stderr).toEqual([words, 0, 0])
    const [their, our] = [meaning(one, one.kubeadm), meaning(one, one.kadm)]
    expect(our.files, words).toEqual(their.files)
    const [theirs, ours] = [their.validities.get('/user.conf#data'), our.validities.get('/user.conf#data')]
    expect(ours?.afterCa, words).toBe(theirs?.afterCa)
    expect(Math.abs((ours?.lifetime ?? 0) - (theirs?.lifetime ?? 0)), words).toBeLessThanOrEqual(10)
    expect(one.kadm.stdout).toMatch(/\n\n$/)
  }
})

test('what may be too much is said: system:masters, a certificate that outlives its CA, groups beside a token', async (context) => {
  const [masters, alone, token] = await both(realBinary(context, 'kubeadm'), [printed[6] ?? [], printed[0] ?? [], printed[4] ?? []])
  expect(masters?.kadm.stderr).toMatch(/WARNING: .*outlives the CA[^]*WARNING: .*"system:masters"/)
  expect(alone?.kadm.stderr).toBe('')
  expect(token?.kadm.stderr).toContain('--org is not used')
})

const address6 = `apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nlocalAPIEndpoint: {advertiseAddress: "fd00:0::77"}\n---\n${plainCluster}`

test('an IPv6 address is in brackets (F3), and the flags of a user with odd names stay YAML', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const names = ['yes', "it's: #", 'ünï"']
  const lines = names.map((odd) => ['--client-name', odd, '--token', odd, '--config', config])
  const results = await both(kubeadm, lines, [], { files: { [config]: address6 } })
  for (const [index, { kadm, kubeadm: theirs }] of results.entries()) {
    expect(kadm.stdout).toBe(theirs.stdout)
    expect(parseYaml(kadm.stdout)).toMatchObject({
      clusters: [{ cluster: { server: 'https://[fd00::77]:6443' } }],
      users: [{ name: names[index], user: { token: names[index] } }],
    })
  }
})

const [caCertificate, caKey] = ['/etc/kubernetes/pki/ca.crt', '/etc/kubernetes/pki/ca.key']
const overwrite = (file: string): Words => ['cp', '/etc/hostname', file]

const certificate: Words = ['--client-name', name]
const byToken: Words = ['--client-name', name, '--token', 'x']

/** On a host that `before` made so: words, and kadm's code. */
const refused: readonly { readonly before: readonly Words[]; readonly lines: readonly (readonly [Words, string])[] }[] = [
  {
    before: [],
    lines: [
      [[], 'USAGE'],
      [['--client-name', ''], 'USAGE'],
      [['--client-name', name, 'word'], 'USAGE'],
      [['--client-name', name, '--validity-period', 'year'], 'USAGE'],
      [['--client-name', name, '--config', '/nowhere'], 'CONFIG_UNREADABLE'],
    ],
  },
  {
    before: [['rm', caCertificate, caKey]],
    lines: [
      [certificate, 'CERTIFICATE_INVALID'],
      [byToken, 'CERTIFICATE_INVALID'],
    ],
  },
  { before: [['rm', caKey]], lines: [[certificate, 'CERTIFICATE_INVALID']] },
  {
    before: [overwrite(caCertificate)],
    lines: [
      [certificate, 'CERTIFICATE_INVALID'],
      [byToken, 'CERTIFICATE_INVALID'],
    ],
  },
  { before: [overwrite(caKey)], lines: [[certificate, 'CERTIFICATE_INVALID']] },
]

test('what kubeadm refuses kadm refuses, prints nothing and says what to do', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  for (const { before, lines } of refused) {
    const results = await both(
      kubeadm,
      lines.map(([words]) => words),
      before,
    )
    for (const [index, { kubeadm: theirs, kadm }] of results.entries()) {
      const [words, code] = lines[index] ?? []
      expect([words, theirs.exitCode, kadm.exitCode, kadm.stdout], theirs.stderr).toEqual([words, 1, 1, ''])
      expect(kadm.stderr, words?.join(' ')).toMatch(new RegExp(`\\[${code}\\]\n(  .*\n)*try: `))
    }
  }
})

test('a token needs no key of the CA; a certificate that ends before it begins is not made (kadm alone)', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const [external] = await both(kubeadm, [['--client-name', name, '--token', 'x']], [['rm', caKey]])
  expect([external?.kubeadm.exitCode, external?.kadm.exitCode]).toEqual([1, 0])
  const over = await both(
    kubeadm,
    ['0', '-1h'].map((period) => ['--client-name', name, `--validity-period=${period}`]),
  )
  for (const { kubeadm: theirs, kadm } of over) expect([theirs.exitCode, kadm.exitCode, kadm.stdout]).toEqual([0, 1, ''])
})
