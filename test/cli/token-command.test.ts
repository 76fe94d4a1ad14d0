/** `kadm token` beside `kubeadm token`, on one real API server. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test, type TestContext } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.ts'
import { kinds } from '../../src/cluster/kinds.ts'
import { generateToken, parseToken } from '../../src/tokens/bootstrap-token.ts'
import { isSignedBy } from '../../src/tokens/cluster-info-signature.ts'
import { bothPrograms } from '../support/both-programs.ts'
import { runKadm, type Ended } from '../support/command-line.ts'
import { sharedControlPlane } from '../support/control-plane.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const controlPlane = sharedControlPlane()
const clusterInfo = { ...kinds.configMap, namespace: 'kube-public', name: 'cluster-info' }

async function start(context: TestContext) {
  const plane = await controlPlane(context)
  const conf = path.join(plane.dir, 'super-admin.conf')
  const admin = plane.connect('super-admin')
  await Promise.all((await tokensOf(admin)).map((secret) => admin.delete({ ...kinds.secret, namespace: 'kube-system', name: secret.name })))
  return { plane, conf, admin, ...bothPrograms(context, { KUBECONFIG: conf }) }
}

const creations: readonly (readonly string[])[] = [
  [],
  ['--ttl', '0'],
  ['--ttl', '1h30m', '--description', 'a "quoted" <b> & ünicode'],
  ['--usages', 'authentication'],
  ['--usages', 'authentication', '--usages', 'signing', '--groups', 'system:bootstrappers:a:b,system:bootstrappers:c'],
  ['--groups', ''],
  ['--usages='],
  ['--ttl=-5s'],
]

test.for(creations.map((words) => ({ words, shown: words.join(' ') })))(
  'token create $shown: the same Secret as by kubeadm',
  async ({ words }, context) => {
    const { admin, kadm, kubeadm } = await start(context)
    const token = generateToken()
    const results: unknown[] = []
    for (const program of [kubeadm, kadm]) {
      const { exitCode, stdout } = await program('token', 'create', token, ...words)
      const [secret] = await tokensOf(admin)
      results.push({ exitCode, stdout, ...secret, data: roundedExpiration(secret?.data) })
      await admin.delete({ ...kinds.secret, namespace: 'kube-system', name: `bootstrap-token-${parseToken(token).id}` })
    }
    expect(results[1]).toEqual(results[0])
    expect(results[0]).toMatchObject({ exitCode: 0, stdout: `${token}\n` })
  },
)

const refused: readonly (readonly string[])[] = [
  ['create', 'abc'],
  ['create', 'ABCDEF.0123456789abcdef'],
  ['create', 'abcdef.0123456789abcdef0'],
  ['create', '--ttl', 'x'],
  ['create', '--usages', 'signing'],
  ['create', '--usages', 'signing,nothing'],
  ['create', '--groups', 'system:masters'],
  ['create', '--certificate-key', 'f00d'],
  ['create', '--config', '/nonexistent/file'],
  ['create', '--config', '/nonexistent/file', '--ttl', '1h'],
  ['create', '--nothing'],
  ['delete'],
  ['delete', 'ABC'],
  ['list', '-o', 'foo'],
  ['list', '-o', ''],
  ['list', 'abc'],
  ['generate', 'abc'],
  [],
]

test('what kubeadm refuses kadm refuses, without a word to the API, and with a remedy', async (context) => {
  let calls = 0
  const server = createServer((socket) => void (calls++, socket.destroy())).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  const dir = await temporaryDirectory()
  const conf = path.join(dir, 'nowhere.conf')
  const plane = await controlPlane(context)
  const text = (await readFile(path.join(plane.dir, 'admin.conf'), 'utf8')).replace(
    plane.server,
    `https://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
  )
  await writeFile(conf, text)
  const { kadm } = bothPrograms(context, { KUBECONFIG: conf })
  const { kubeadm } = bothPrograms(context, { KUBECONFIG: path.join(plane.dir, 'super-admin.conf') })
  try {
    for (const words of refused) {
      const [ours, theirs] = await Promise.all([kadm('token', ...words), kubeadm('token', ...words)])
      expect({ words, exitCode: ours.exitCode }).toEqual({ words, exitCode: theirs.exitCode })
      expect(ours, words.join(' ')).toMatchObject({
        exitCode: 1,
        stderr: expect.stringMatching(/^error: .+ \[[A-Z_]+\]\n( {2}.+\n)*(try: .+\n)+$/),
      })
    }
    expect(calls).toBe(0)
  } finally {
    server.close()
  }
}, 120_000)

test('a token that is there already stays as it is; one that is not there cannot be deleted; several go at once', async (context) => {
  const { admin, kadm, kubeadm } = await start(context)
  const [one, two] = [generateToken(), generateToken()]
  expect(await kadm('token', 'create', one, '--description', 'first')).toMatchObject({ exitCode: 0, stdout: `${one}\n`, stderr: '' })
  const before = await tokensOf(admin)
  const again = await kadm('token', 'create', `${parseToken(one).id}.${parseToken(two).secret}`)
  expect(again).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('[TOKEN_INVALID]') })
  expect((await kubeadm('token', 'create', one)).exitCode).toBe(1)
  expect(await tokensOf(admin)).toEqual(before)
  await kubeadm('token', 'create', two)
  const lines = [one, two].map((token) => `bootstrap token "${parseToken(token).id}" deleted\n`).join('')
  expect(await kadm('token', 'delete', one, parseToken(two).id)).toMatchObject({ exitCode: 0, stdout: lines })
  expect(await tokensOf(admin)).toEqual([])
  for (const program of [kadm, kubeadm]) expect((await program('token', 'delete', one)).exitCode).toBe(1)
})

test('every format of the list is that of kubeadm, byte for byte', async (context) => {
  const { admin, kadm, kubeadm } = await start(context)
  expect((await kadm('token', 'list')).stdout).toBe((await kubeadm('token', 'list')).stdout)
  const day = 86_400_000
  const plain = [
    { expires: new Date(Date.now() + 3.5 * day), description: 'a <b> & c "d" \\ \u00a0 \u2028 ü 𝒳 end' },
    { usages: [], groups: '' },
    { expires: new Date(Date.now() - day), description: 'x'.repeat(70) },
    { expires: new Date(Date.now() + 800 * day), usages: ['authentication'] },
  ]
  for (const secret of plain) await createSecret(admin, secret)
  const text = (await kadm('token', 'list')).stdout
  expect(text).toBe((await kubeadm('token', 'list', '-o', 'text')).stdout)
  expect(text.split('\n')).toHaveLength(6)
  await createSecret(admin, { description: 'two lines\n  the second one\n\nthe last\n' })
  await createSecret(admin, { description: 'no end\nhere', groups: 'system:bootstrappers:a,system:bootstrappers:b' })
  const broken = generateToken()
  await createSecret(admin, { description: 'broken' }, { 'token-secret': parseToken(broken).id })
  for (const format of ['json', 'yaml', 'kyaml', 'JSON']) {
    const [ours, theirs] = [await kadm('token', 'list', '-o', format), await kubeadm('token', 'list', '-o', format)]
    expect(ours.stdout, format).toBe(theirs.stdout)
    expect(theirs.stdout.length).toBeGreaterThan(1000)
    expect(ours.stderr).toMatch(/^WARNING: .*bootstrap token/)
  }
  // A line end in a description breaks kubeadm's columns; ours has a blank there.
  expect((await kadm('token', 'list')).stdout).toContain('two lines   the second one  the last')
})

test('templates are refused with the way to take fields out of JSON', async (context) => {
  const { kadm } = await start(context)
  for (const format of ['jsonpath={.token}', 'go-template={{.token}}', 'jsonpath-file=/x']) {
    const { exitCode, stderr } = await kadm('token', 'list', '-o', format)
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(/\[USAGE\]\n(try: .*\n)*try: .* -o json \| jq/) })
  }
})

test('the printed join command is that of kubeadm, for workers and control planes, with the hash of every CA', async (context) => {
  const { plane, conf, kadm, kubeadm } = await start(context)
  const dir = await temporaryDirectory()
  const two = path.join(dir, 'two.conf')
  const bundle = Buffer.from(plane.ca + (await readFile(path.join(plane.dir, 'server.crt'), 'utf8'))).toString('base64')
  await writeFile(two, (await readFile(conf, 'utf8')).replace(/("certificate-authority-data":")[^"]+/, `$1${bundle}`))
  for (const words of [[], ['--certificate-key', createHash('sha256').update(dir).digest('hex')], ['--kubeconfig', two]]) {
    const print = async (program: (...words: readonly string[]) => Promise<Ended>) => {
      const { stdout } = await program('token', 'create', '--ttl', '1m', '--print-join-command', ...words)
      return stdout.replace(/[a-z0-9]{6}\.[a-z0-9]{16}/, 'TOKEN')
    }
    const [ours, theirs] = [await print(kadm), await print(kubeadm)]
    expect(ours).toBe(theirs)
    expect(ours).toMatch(/^kubeadm join 127\.0\.0\.1:\d+ --token TOKEN --discovery-token-ca-cert-hash sha256:[0-9a-f]{64} /)
  }
})

test('a kubeconfig without a CA makes no join command, and leaves no token behind', async (context) => {
  const { conf, admin, kadm, kubeadm } = await start(context)
  const bare = path.join(await temporaryDirectory(), 'bare.conf')
  await writeFile(bare, (await readFile(conf, 'utf8')).replace(/,"certificate-authority-data":"[^"]+"/, ''))
  const words = ['token', 'create', '--print-join-command', '--kubeconfig', bare]
  expect(await kadm(...words)).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('[KUBECONFIG_INVALID]') })
  expect(await tokensOf(admin)).toEqual([])
  expect((await kubeadm(...words, '--dry-run')).exitCode).toBe(1)
})

test('the tokens of a configuration file are made, all of them', async (context) => {
  const { admin, kadm, kubeadm } = await start(context)
  const file = path.join(await temporaryDirectory(), 'config.yaml')
  const tokens = [generateToken(), generateToken()]
  const entries = [
    `- token: ${tokens[0]}\n  ttl: 0s\n  description: one\n`,
    `- token: ${tokens[1]}\n  usages: [authentication]\n  groups: [system:bootstrappers:x]\n`,
  ]
  await writeFile(
    file,
    `apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nbootstrapTokens:\n${entries.join('')}localAPIEndpoint:\n  advertiseAddress: 192.0.2.7\n`,
  )
  const found: unknown[] = []
  for (const program of [kubeadm, kadm]) {
    expect(await program('token', 'create', '--config', file)).toMatchObject({ exitCode: 0, stdout: `${tokens[0]}\n` })
    const secrets = await tokensOf(admin)
    found.push(secrets.map(({ data, ...rest }) => ({ ...rest, data: roundedExpiration(data) })))
    await kubeadm('token', 'delete', ...tokens)
  }
  expect(found[1]).toEqual(found[0])
  expect(found[0]).toHaveLength(2)
})

test('a configuration file and a host to work on go together; the flags that the file overrules do not', async () => {
  const elsewhere = ['token', 'create', '--config', 'tokens.yaml', '--host', '127.0.0.1:1', '--host-key', `SHA256:${'A'.repeat(43)}`]
  const { exitCode, stderr } = await runKadm(...elsewhere)
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining('[HOST_UNREACHABLE]') })
  const mixed = await runKadm(...elsewhere, '--ttl', '1h')
  expect(mixed).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('--config cannot be mixed with --ttl [USAGE]') })
})

test('a node can join at once: cluster-info is signed with the token over the very text that it holds', async (context) => {
  const { plane, admin, kadm } = await start(context)
  const kubeconfig = `apiVersion: v1\nkind: Config\nnote: "${Math.random()}"\n`
  await admin.delete(clusterInfo)
  expect(await kadm('token', 'create')).toMatchObject({ exitCode: 0, stderr: '' })
  await admin.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: clusterInfo, data: { kubeconfig, 'jws-kubeconfig-abcdef': 'stays' } })
  const token = (await kadm('token', 'create')).stdout.trim()
  const silent = (await kadm('token', 'create', '--usages', 'authentication')).stdout.trim()
  const data = (await admin.get(clusterInfo))?.['data'] as Readonly<Record<string, string>>
  expect(Object.keys(data).toSorted()).toEqual(['jws-kubeconfig-abcdef', `jws-kubeconfig-${parseToken(token).id}`, 'kubeconfig'].toSorted())
  expect(data).toMatchObject({ kubeconfig, 'jws-kubeconfig-abcdef': 'stays' })
  expect(await isSignedBy(kubeconfig, data[`jws-kubeconfig-${parseToken(token).id}`] ?? '', token)).toBe(true)
  expect(silent).toMatch(/^[a-z0-9]{6}\.[a-z0-9]{16}$/)
  expect(plane.server).toContain('127.0.0.1')
})

test('--dry-run changes nothing, tells what would be sent but no secret, and works without a cluster', async (context) => {
  const { plane, admin, kadm, kubeadm } = await start(context)
  const token = generateToken()
  const words = ['token', 'create', '--ttl', '0', '--dry-run', token, '--print-join-command']
  const [ours, theirs] = [await kadm(...words), await kubeadm(...words)]
  expect(ours.exitCode).toBe(theirs.exitCode)
  expect(ours.stdout.trimEnd().split('\n').at(-1)).toBe(theirs.stdout.trimEnd().split('\n').at(-1))
  const signing = (await admin.get(clusterInfo)) === undefined ? [] : ['PATCH configmaps']
  expect(actions(ours)).toEqual([...actions(theirs).filter((action) => !action.startsWith('GET')), ...signing])
  expect(ours.stdout.replaceAll(token, '')).not.toContain(parseToken(token).secret)
  expect(ours.stdout).not.toContain('expiration')
  expect(await tokensOf(admin)).toEqual([])
  const conf = path.join(await temporaryDirectory(), 'nowhere.conf')
  await writeFile(conf, (await readFile(path.join(plane.dir, 'admin.conf'), 'utf8')).replace(plane.server, 'https://127.0.0.1:1'))
  for (const line of [words, ['token', 'delete', '--dry-run', 'abcdef']]) {
    for (const program of [kadm, kubeadm]) expect((await program(...line, '--kubeconfig', conf)).exitCode, line.join(' ')).toBe(0)
  }
})

test('the kubeconfig: what the flag names, else the first that is there of KUBECONFIG; a missing one is named', async (context) => {
  const { conf, kubeadm } = await start(context)
  const list = async (environment: Readonly<Record<string, string>>, ...words: readonly string[]): Promise<Ended> =>
    bothPrograms(context, environment).kadm('token', 'list', ...words)
  expect((await list({ KUBECONFIG: `/nonexistent/a:${conf}` })).exitCode).toBe(0)
  expect((await list({ KUBECONFIG: '/nonexistent/a' }, '--kubeconfig', conf)).exitCode).toBe(0)
  for (const words of [
    ['--kubeconfig', conf, 'list'],
    [`--kubeconfig=${conf}`, '--dry-run', 'list', '-ojson'],
  ]) {
    expect((await bothPrograms(context).kadm('token', ...words)).exitCode, words.join(' ')).toBe(0)
  }
  expect(await list({ KUBECONFIG: `/nonexistent/a:/nonexistent/b` })).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('/nonexistent/a'),
  })
  expect(await list({ KUBECONFIG: conf }, '--kubeconfig', '/nonexistent/c')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('/nonexistent/c'),
  })
  expect((await kubeadm('token', 'list', '--kubeconfig', '/nonexistent/c')).exitCode).toBe(1)
})

test('generate prints a token and needs no cluster', async (context) => {
  const { kadm } = bothPrograms(context, { KUBECONFIG: '/nonexistent' })
  const printed = await Promise.all([kadm('token', 'generate'), kadm('token', 'generate')])
  expect(new Set(printed.map(({ stdout }) => stdout)).size).toBe(2)
  for (const { exitCode, stdout } of printed)
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringMatching(/^[a-z0-9]{6}\.[a-z0-9]{16}\n$/) })
})

interface TokenSecret {
  readonly name: string
  readonly type: unknown
  readonly data: Readonly<Record<string, string>>
}

async function tokensOf(cluster: Cluster): Promise<readonly TokenSecret[]> {
  const secrets = await cluster.list({ ...kinds.secret, namespace: 'kube-system' }, { fieldSelector: 'type=bootstrap.kubernetes.io/token' })
  return secrets.map(({ metadata, type, data }) => ({
    name: metadata.name,
    type,
    data: Object.fromEntries(
      Object.entries(data as Readonly<Record<string, string>>).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    ),
  }))
}

/** The two programs ran some seconds apart. */
function roundedExpiration(data: Readonly<Record<string, string>> | undefined): unknown {
  const end = data?.['expiration']
  return end === undefined ? data : { ...data, expiration: Math.round((Date.parse(end) - Date.now()) / 60_000) }
}

interface SecretTexts {
  readonly description?: string
  readonly groups?: string
  readonly expires?: Date
  readonly usages?: readonly string[]
}

async function createSecret(
  cluster: Cluster,
  {
    description = '',
    groups = 'system:bootstrappers:kubeadm:default-node-token',
    expires,
    usages = ['signing', 'authentication'],
  }: SecretTexts,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { id, secret } = parseToken(generateToken())
  const data = {
    'token-id': id,
    'token-secret': secret,
    description,
    'auth-extra-groups': groups,
    ...(expires && { expiration: `${expires.toISOString().slice(0, 19)}Z` }),
    ...Object.fromEntries(usages.map((usage) => [`usage-bootstrap-${usage}`, 'true'])),
    ...more,
  }
  await cluster.create({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    stringData: data,
  })
}

/** `GET secrets`, `CREATE secrets`, in the order of a dry run's lines. */
function actions({ stdout }: Ended): readonly string[] {
  return [...stdout.matchAll(/Would perform action (\w+) on resource "(\w+)"/g)].map(([, verb, resource]) => `${verb} ${resource}`)
}
