/** Discovery by files that cannot be used, and before servers that are not the file's. No credential leaves this host. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { dumpYaml } from '../../src/config/yaml.ts'
import { discover } from '../../src/discovery/discover.ts'
import type { DiscoveryOptions } from '../../src/discovery/discovered-cluster.ts'
import { localHost } from '../../src/host/local-host.ts'
import { generateToken, parseToken } from '../../src/tokens/bootstrap-token.ts'
import { hostTrusting } from '../support/rooted-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { configMap, endless, hostileServer, http, type Answer, type HostileServer } from './hostile-server.ts'
import { authority, leaf, type Identity } from './identity.ts'

const [ca, stranger] = [authority(), authority()]
const token = generateToken()
const { secret } = parseToken(token)

/** The error of a discovery by this file, before a server that has this certificate. */
async function refusal(
  text: (server: HostileServer) => string,
  {
    identity = leaf(ca),
    timeout = 5000,
    tlsBootstrapToken,
    ...more
  }: Partial<DiscoveryOptions> & { readonly identity?: Identity; readonly tlsBootstrapToken?: string } = {},
): Promise<{ readonly error: unknown; readonly server: HostileServer }> {
  const server = await hostileServer(() => ({ identity: () => identity, answer: configMap({}) }))
  onTestFinished(() => server.close())
  const kubeConfigPath = path.join(await temporaryDirectory(), 'discovery.conf')
  await writeFile(kubeConfigPath, text(server))
  const error: unknown = await discover(
    { kind: 'file', kubeConfigPath, ...(tlsBootstrapToken !== undefined && { tlsBootstrapToken }) },
    { host: localHost(), timeout, ...more },
  ).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(server.received()).not.toContain(secret)
  expect(String(error)).not.toContain(secret)
  return { error, server }
}

test.for<readonly [string, string, RegExp, (server: HostileServer) => string]>([
  ['nothing', 'KUBECONFIG_INVALID', /not a kubeconfig/, () => ''],
  ['no YAML', 'KUBECONFIG_INVALID', /not valid YAML/, () => '{{'],
  [
    'a context that names no cluster',
    'KUBECONFIG_INVALID',
    /no cluster "other"/,
    (server) => file(server).replace('cluster: c\n', 'cluster: other\n'),
  ],
  [
    'no context',
    'KUBECONFIG_INVALID',
    /no context "other"/,
    (server) => file(server).replace('current-context: x', 'current-context: other'),
  ],
  ['a server by http', 'KUBECONFIG_INVALID', /must be https/, (server) => file(server).replace('https://', 'http://')],
  ['no server', 'KUBECONFIG_INVALID', /its server is ""/, (server) => file(server, { server: '' })],
  ['no verification', 'DISCOVERY_UNTRUSTED', /insecure-skip-tls-verify/, (server) => file(server, { 'insecure-skip-tls-verify': true })],
  ['a CA that is not base64', 'KUBECONFIG_INVALID', /not base64/, (server) => file(server, { 'certificate-authority-data': 'LS0-' })],
  ['a CA that is none', 'KUBECONFIG_INVALID', /no certificate/, (server) => file(server, { 'certificate-authority-data': base64('x') })],
  [
    'a CA file that is not there',
    'KUBECONFIG_INVALID',
    /"ca.pem": there is no such file/,
    (server) => file(server, { 'certificate-authority-data': '', 'certificate-authority': 'ca.pem' }),
  ],
  ['no credentials', 'KUBECONFIG_INVALID', /has no credentials/, (server) => file(server, {}, {})],
  [
    'a password',
    'KUBECONFIG_INVALID',
    /that a joining node cannot use \(username\)/,
    (server) => file(server, {}, { username: 'a', password: 'b' }),
  ],
  [
    'a plugin',
    'KUBECONFIG_INVALID',
    /that a joining node cannot use \(exec\)/,
    (server) => file(server, {}, { exec: { command: 'touch', args: ['/tmp/x'] } }),
  ],
  ["another's key", 'KUBECONFIG_INVALID', /is not the key of/, (server) => file(server, {}, client({ ...leaf(ca), key: leaf(ca).key }))],
  [
    'an expired certificate',
    'KUBECONFIG_INVALID',
    /client certificate has expired at/,
    (server) => file(server, {}, client(leaf(ca, { notAfter: new Date(Date.now() - 60_000) }))),
  ],
  [
    'a token with a line break',
    'KUBECONFIG_INVALID',
    /has characters that no token has/,
    (server) => file(server, {}, { token: `${token}\r\nx: y` }),
  ],
])('nothing is sent for a file with %s', async ([, code, message, text]) => {
  const { error, server } = await refusal(text)
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
  expect(server.received()).toBe('')
})

test.for<readonly [string, () => Identity, Readonly<Record<string, unknown>>]>([
  ["another's certificate", () => leaf(stranger), {}],
  ['a certificate for another address', () => leaf(ca, { addresses: ['10.0.0.1'] }), {}],
  ['a certificate that the host does not know, and no CA in the file', () => leaf(ca), { 'certificate-authority-data': '' }],
  ['another name than tls-server-name', () => leaf(ca), { 'tls-server-name': 'kubernetes' }],
])('refused at once, before anything is sent: a server with %s', async ([, identity, cluster]) => {
  const host = await hostTrusting(authority().pem)
  const { error, server } = await refusal((at) => file(at, cluster), {
    identity: identity(),
    host: { ...host, readText: (name) => (name.startsWith('/etc/ssl') ? host.readText(name) : localHost().readText(name)) },
  })
  expect(error).toMatchObject({ code: 'DISCOVERY_UNTRUSTED', message: expect.stringContaining('cannot be trusted') })
  expect(server.received()).toBe('')
})

test('a file without verification, by its named flag: the CA shown is taken, and nothing secret is sent', async () => {
  const server = await hostileServer((port) => ({
    identity: () => leaf(stranger),
    answer: configMap({ kubeconfig: file({ endpoint: `127.0.0.1:${port}` }, { 'certificate-authority-data': base64(stranger.pem) }) }),
  }))
  onTestFinished(() => server.close())
  const kubeConfigPath = path.join(await temporaryDirectory(), 'discovery.conf')
  await writeFile(kubeConfigPath, file(server, { 'certificate-authority-data': '', 'insecure-skip-tls-verify': true }))
  const warnings: string[] = []
  const found = await discover(
    { kind: 'file', kubeConfigPath },
    { host: localHost(), timeout: 5000, unsafeAllowInsecureDiscoveryFile: true, warn: (text) => warnings.push(text) },
  )
  expect(found).toMatchObject({
    caPem: stranger.pem,
    document: { clusters: [{ cluster: { 'certificate-authority-data': base64(stranger.pem) } }] },
  })
  expect(JSON.stringify(found.document)).not.toContain('insecure')
  expect(warnings).toEqual([expect.stringContaining('was not verified')])
  expect(server.received()).not.toContain(secret)
})

test.for<readonly [string, string, RegExp, Answer]>([
  ['redirects', 'DISCOVERY_FAILED', /HTTP 302, and redirects are not followed/, http(302, '', { location: 'https://127.0.0.1:1/' })],
  ['has no file', 'DISCOVERY_FAILED', /HTTP 404/, http(404, '')],
  ['sends 1 GB', 'DISCOVERY_FAILED', /larger than 8 MiB/, endless('HTTP/1.1 200 OK\r\n\r\n', () => ' '.repeat(65_536), { limit: 1 << 30 })],
  ['sends one byte a second', 'DISCOVERY_FAILED', /did not come in time/, endless('HTTP/1.1 200 OK\r\n\r\n', () => ' ', { pause: 1000 })],
  ['sends headers without end', 'DISCOVERY_FAILED', /Header overflow/, endless('HTTP/1.1 200 OK\r\n', () => `a: ${'b'.repeat(999)}\r\n`)],
  ['sends no YAML', 'KUBECONFIG_INVALID', /not valid YAML/, http(200, '{{')],
  [
    "names files of this host's",
    'KUBECONFIG_INVALID',
    /which a file from the web may not/,
    http(200, file({ endpoint: '127.0.0.1:1' }, {}, { tokenFile: '/etc/shadow' })),
  ],
])('refused: a web server that %s', async ([, code, message, answer]) => {
  const server = await hostileServer(() => ({ identity: () => leaf(ca), answer }))
  onTestFinished(() => server.close())
  const host = await hostTrusting(ca.pem)
  await expect(
    discover({ kind: 'file', kubeConfigPath: `https://${server.endpoint}/?k=s3cr3t` }, { host, timeout: 1500 }),
  ).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  })
  const strangers = await hostTrusting(stranger.pem)
  await expect(
    discover({ kind: 'file', kubeConfigPath: `https://${server.endpoint}/?k=s3cr3t` }, { host: strangers, timeout: 1500 }),
  ).rejects.toMatchObject({
    code: 'DISCOVERY_UNTRUSTED',
    message: expect.not.stringContaining('s3cr3t'),
  })
})

function file(
  server: Pick<HostileServer, 'endpoint'>,
  cluster: Readonly<Record<string, unknown>> = {},
  user: Readonly<Record<string, unknown>> = { token },
): string {
  return dumpYaml({
    clusters: [{ name: 'c', cluster: { server: `https://${server.endpoint}`, 'certificate-authority-data': base64(ca.pem), ...cluster } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'me' } }],
    'current-context': 'x',
    users: [{ name: 'me', user }],
  })
}

function client({ cert, key }: Identity): Readonly<Record<string, unknown>> {
  return { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
