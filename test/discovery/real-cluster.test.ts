/** Discovery against a real API server, with the real signer of kube-controller-manager. */
import { X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, type TestContext } from 'vitest'
import { kinds } from '../../src/cluster/kinds.ts'
import { dumpYaml } from '../../src/config/yaml.ts'
import { discover } from '../../src/discovery/discover.ts'
import type { DiscoveryOptions } from '../../src/discovery/discovered-cluster.ts'
import { localHost } from '../../src/host/local-host.ts'
import { clusterInfoObjects } from '../../src/manifests/cluster-info.ts'
import { caHashes } from '../../src/pki/ca-hash.ts'
import { generateToken, parseToken } from '../../src/tokens/bootstrap-token.ts'
import { signClusterInfo } from '../../src/tokens/cluster-info-signature.ts'
import { createToken, deleteToken } from '../../src/tokens/tokens-in-cluster.ts'
import { sharedControlPlane, type ControlPlane } from '../support/control-plane.ts'
import { hostTrusting } from '../support/rooted-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { hostileServer, http } from './hostile-server.ts'
import { authority, leaf } from './identity.ts'

const controlPlane = sharedControlPlane()
const everything = ['signing', 'authentication']
const [signedAtOnce, tlsBootstrapToken] = [generateToken(), generateToken()]

test('the signature comes while it is waited for, and goes with the token', async (context) => {
  const plane = await cluster(context)
  const token = generateToken()
  const lines: string[] = []
  const discovery = byToken(plane, token)
  const found = discover(discovery, { host: localHost(), timeout: 30_000, onWaiting: (text) => lines.push(text) })
  await sleep(400)
  await createToken(plane.connect('super-admin'), { token, ttl: 600_000, usages: everything, groups: [] }, { now: new Date() })
  startSigner(context, plane)
  expect(await found).toEqual({
    server: plane.server,
    caPem: plane.ca,
    clusterName: 'kubernetes',
    user: { kind: 'token', name: 'tls-bootstrap-token-user', token },
  })
  expect(lines).toEqual([`cluster-info of ${plane.server}: it has no signature by token "${parseToken(token).id}"`])
  await deleteToken(plane.connect('super-admin'), token)
  const gone = async (): Promise<boolean> =>
    discover(discovery, { host: localHost(), timeout: 200 }).then(
      () => false,
      (error: { code: string; message: string }) => error.code === 'DISCOVERY_FAILED' && error.message.includes('it has no signature'),
    )
  await expect.poll(gone, { timeout: 20_000, interval: 200 }).toBe(true)
})

test('a server that starts later is waited for; one that restarts too', async (context) => {
  const plane = await cluster(context)
  await plane.restartApiServer()
  const lines: string[] = []
  const found = await discover(byToken(plane, signedAtOnce), { host: localHost(), timeout: 60_000, onWaiting: (text) => lines.push(text) })
  expect(found.caPem).toBe(plane.ca)
  expect(lines[0]).toMatch(/ECONNREFUSED/)
})

test('a file without credentials, and a bootstrap token', async (context) => {
  const plane = await cluster(context)
  const file = await written(kubeconfig(plane, { 'certificate-authority-data': base64(plane.ca) }))
  await expect(discover({ kind: 'file', kubeConfigPath: file, tlsBootstrapToken }, options())).resolves.toEqual({
    server: plane.server,
    caPem: plane.ca,
    clusterName: 'kubernetes',
    user: { kind: 'token', name: 'tls-bootstrap-token-user', token: tlsBootstrapToken },
  })
  await expect(discover({ kind: 'file', kubeConfigPath: file }, options())).rejects.toMatchObject({
    code: 'KUBECONFIG_INVALID',
    message: expect.stringContaining('has no credentials'),
  })
})

test('a file with a token, with a client certificate, with files: all is put into what becomes bootstrap-kubelet.conf', async (context) => {
  const plane = await cluster(context)
  const [cert, key] = await Promise.all(['super-admin.crt', 'super-admin.key'].map((name) => readFile(path.join(plane.dir, name), 'utf8')))
  const ca = { 'certificate-authority-data': base64(plane.ca) }
  const embedded = { 'client-certificate-data': base64(cert ?? ''), 'client-key-data': base64(key ?? '') }
  const folder = await temporaryDirectory()
  await Promise.all(
    Object.entries({ 'ca.pem': plane.ca, 'c.pem': cert ?? '', 'k.pem': key ?? '', token: `${signedAtOnce}\n` }).map(([name, text]) =>
      writeFile(path.join(folder, name), text),
    ),
  )
  const certificate = { kind: 'certificate', name: 'me', certificate: cert, key }
  const token = { kind: 'token', name: 'me', token: signedAtOnce }
  const cases = [
    { cluster: ca, user: { token: signedAtOnce }, found: token, becomes: { token: signedAtOnce } },
    { cluster: ca, user: embedded, found: certificate, becomes: embedded },
    {
      cluster: { 'certificate-authority': 'ca.pem' },
      user: { 'client-certificate': 'c.pem', 'client-key': path.join(folder, 'k.pem') },
      found: certificate,
      becomes: embedded,
    },
    { cluster: ca, user: { tokenFile: 'token' }, found: token, becomes: { token: signedAtOnce } },
  ]
  for (const { cluster: of, user, found, becomes } of cases) {
    const file = await written(kubeconfig(plane, of, user), folder)
    const [warnings, result] = await discovered(file)
    expect(result).toEqual({
      server: plane.server,
      caPem: plane.ca,
      clusterName: 'c',
      user: found,
      document: {
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'c', cluster: { server: plane.server, ...ca } }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'me' } }],
        'current-context': 'x',
        users: [{ name: 'me', user: becomes }],
      },
    })
    // In a cluster of kubeadm only anonymous users and administrators may read it.
    expect(warnings).toEqual(found === token ? [expect.stringContaining('does not let this user read cluster-info')] : [])
  }
})

test('a CA that is not in the file comes from a cluster whose server the host itself trusts; a foreign server is a warning', async (context) => {
  const plane = await cluster(context)
  const host = await hostTrusting(plane.ca)
  const file = '/kubeconfig'
  const write = (text: string): Promise<void> => host.writeFile(file, text, { mode: 0o600 })
  await write(kubeconfig(plane, {}))
  const discovery = { kind: 'file', kubeConfigPath: file, tlsBootstrapToken } as const
  await expect(discover(discovery, { ...options(), host })).resolves.toMatchObject({ server: plane.server, caPem: plane.ca })
  const another = plane.server.replace('127.0.0.1', 'localhost')
  await write(kubeconfig(plane, { server: another, 'tls-server-name': 'kubernetes' }))
  const warnings: string[] = []
  const found = await discover(discovery, { ...options(), host, warn: (text) => warnings.push(text) })
  expect(found).toMatchObject({ server: another, serverName: 'kubernetes' })
  expect(warnings).toEqual([
    `the discovery file has the server "${another}", and cluster-info there has "${plane.server}": the first is used`,
  ])
})

test('who may not read cluster-info is told so, and the file counts', async (context) => {
  const plane = await cluster(context)
  const binding = { ...kinds.roleBinding, namespace: 'kube-public', name: 'kubeadm:bootstrap-signer-clusterinfo' }
  const admin = plane.connect('super-admin')
  await admin.delete(binding)
  onTestFinished(async () => void (await cluster(context)))
  const file = await written(kubeconfig(plane, { 'certificate-authority-data': base64(plane.ca) }))
  const warnings: string[] = []
  const forbidden = { ...options(), warn: (text: string) => void warnings.push(text) }
  await expect
    .poll(async () => (await plane.connect('anonymous').raw(`/api/v1/namespaces/kube-public/configmaps/cluster-info`)).status)
    .toBe(403)
  await expect(discover({ kind: 'file', kubeConfigPath: file, tlsBootstrapToken }, forbidden)).resolves.toMatchObject({ caPem: plane.ca })
  expect(warnings).toEqual([expect.stringContaining('does not let this user read cluster-info')])
  await expect(discover(byToken(plane, signedAtOnce), { ...options(), timeout: 500 })).rejects.toMatchObject({
    code: 'DISCOVERY_FAILED',
    message: expect.stringContaining('HTTP 403'),
  })
})

test('a file from the web, by the authorities of the host', async (context) => {
  const plane = await cluster(context)
  const web = authority('web')
  const text = kubeconfig(plane, { 'certificate-authority-data': base64(plane.ca) })
  const server = await hostileServer(() => ({ identity: () => leaf(web), answer: http(200, text) }))
  onTestFinished(() => server.close())
  const kubeConfigPath = `https://user:pass@${server.endpoint}/d/k.conf?signature=s3cr3t`
  const host = await hostTrusting(web.pem)
  await expect(discover({ kind: 'file', kubeConfigPath, tlsBootstrapToken }, { ...options(), host })).resolves.toMatchObject({
    server: plane.server,
    caPem: plane.ca,
  })
  expect(server.paths()).toEqual(['/d/k.conf?signature=s3cr3t'])
  expect(server.received()).toContain(`Basic ${base64('user:pass')}`)
  expect(server.received()).not.toContain(parseToken(tlsBootstrapToken).secret)
})

/** The real one, with a cluster-info that one token has signed already. */
async function cluster(context: TestContext): Promise<ControlPlane> {
  const plane = await controlPlane(context)
  expect(new X509Certificate(plane.ca).ca).toBe(true)
  const admin = plane.connect('super-admin')
  const address = { server: plane.server, certificateAuthorityData: base64(plane.ca) }
  const objects = await clusterInfoObjects(address, (text) => signClusterInfo(text, [{ token: signedAtOnce, usages: everything }]))
  await admin.delete({ ...kinds.configMap, namespace: 'kube-public', name: 'cluster-info' })
  for (const object of objects) await admin.create(object).catch(() => undefined)
  await createToken(admin, { token: signedAtOnce, usages: everything, groups: [] }, { now: new Date() }).catch(() => undefined)
  const read = async (): Promise<number> =>
    (await plane.connect('anonymous').raw('/api/v1/namespaces/kube-public/configmaps/cluster-info')).status
  await expect.poll(read, { timeout: 10_000 }).toBe(200)
  return plane
}

function startSigner(context: TestContext, plane: ControlPlane): void {
  const conf = path.join(plane.dir, 'super-admin.conf')
  plane.start(context, 'kube-controller-manager', [
    `--kubeconfig=${conf}`,
    '--controllers=bootstrap-signer-controller',
    '--leader-elect=false',
    '--secure-port=0',
  ])
}

function byToken(plane: ControlPlane, token: string) {
  const { host: apiServerEndpoint } = new URL(plane.server)
  return {
    kind: 'token',
    token,
    apiServerEndpoint,
    caCertHashes: caHashes(plane.ca),
    unsafeSkipCAVerification: false,
    tlsBootstrapToken: token,
  } as const
}

function options(): DiscoveryOptions {
  return { host: localHost(), timeout: 10_000 }
}

async function discovered(file: string): Promise<readonly [readonly string[], unknown]> {
  const warnings: string[] = []
  const found = await discover({ kind: 'file', kubeConfigPath: file }, { ...options(), warn: (text) => warnings.push(text) })
  return [warnings, found]
}

function kubeconfig(plane: ControlPlane, of: Readonly<Record<string, unknown>>, user?: Readonly<Record<string, unknown>>): string {
  return dumpYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: plane.server, ...of } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'me' } }],
    'current-context': 'x',
    users: user === undefined ? [] : [{ name: 'me', user }],
  })
}

async function written(text: string, folder?: string): Promise<string> {
  const file = path.join(folder ?? (await temporaryDirectory()), 'discovery.conf')
  await writeFile(file, text)
  return file
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
