/** What a user's kubeconfig may say of the way to the API, beside kubeadm, before a server on loopback that has no secrets. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test, type TestContext } from 'vitest'
import type { JsonObject } from '../../src/json.ts'
import { bothPrograms } from '../support/both-programs.ts'
import { httpsServer } from '../support/https-server.ts'

async function start(context: TestContext) {
  const logins: (string | undefined)[] = []
  const { url, ca, dir } = await httpsServer((request, response) => {
    logins.push(request.headers.authorization)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ apiVersion: 'v1', kind: 'SecretList', metadata: {}, items: [] }))
  })
  const authority = { 'certificate-authority-data': Buffer.from(ca).toString('base64') }
  const { kadm, kubeadm } = bothPrograms(context)
  /** `token list` by each of them, kubeadm's first; how they logged in is in the order of their runs. */
  const list = async (user: JsonObject, cluster: JsonObject = authority) => {
    logins.length = 0
    const conf = path.join(dir, 'user.conf')
    const document = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      clusters: [{ name: 'kubernetes', cluster: { server: url, ...cluster } }],
      users: [{ name: 'user', user }],
      contexts: [{ name: 'test', context: { cluster: 'kubernetes', user: 'user' } }],
    }
    await writeFile(conf, JSON.stringify(document))
    const words = ['token', 'list', '--kubeconfig', conf]
    const theirs = await kubeadm(...words)
    const ours = await kadm(...words)
    return { theirs, ours, codes: [theirs.exitCode, ours.exitCode], logins: [...logins] }
  }
  return { dir, authority, list, kadm }
}

test('tls-server-name is the name that the server must have', { timeout: 60_000 }, async (context) => {
  const { authority, list } = await start(context)
  expect(await list({ token: 'abc' }, { ...authority, 'tls-server-name': 'kubernetes' })).toMatchObject({ codes: [0, 0] })
  const other = await list({ token: 'abc' }, { ...authority, 'tls-server-name': 'other.example' })
  expect(other).toMatchObject({ codes: [1, 1], logins: [] })
  expect(other.ours.stderr).toContain("Host: other.example. is not in the cert's altnames")
})

test('tokenFile goes before the token, as far as it is there and not empty', { timeout: 60_000 }, async (context) => {
  const { dir, list } = await start(context)
  const tokenFile = path.join(dir, 'token')
  await writeFile(tokenFile, ' of-the-file\n')
  const [empty, none] = [path.join(dir, 'empty'), path.join(dir, 'none')]
  await writeFile(empty, '\n')
  for (const [user, login] of [
    [{ tokenFile }, 'Bearer of-the-file'],
    [{ tokenFile, token: 'abc' }, 'Bearer of-the-file'],
    [{ tokenFile: none, token: 'abc' }, 'Bearer abc'],
    [{ tokenFile: empty, token: 'abc' }, 'Bearer abc'],
  ] as const)
    expect(await list(user), JSON.stringify(user)).toMatchObject({ codes: [0, 0], logins: [login, login] })
  const missing = await list({ tokenFile: none })
  expect(missing).toMatchObject({ codes: [1, 1], logins: [] })
  expect(missing.ours.stderr).toContain(`has the tokenFile "${none}", which is not there or is empty [KUBECONFIG_INVALID]`)
})

const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: '/bin/false', interactiveMode: 'Never' }

test('what kadm does not do is refused by its name, and nothing is sent', { timeout: 60_000 }, async (context) => {
  const { authority, list } = await start(context)
  for (const [name, user, cluster] of [
    ['insecure-skip-tls-verify', { token: 'abc' }, { 'insecure-skip-tls-verify': true }],
    ['proxy-url', { token: 'abc' }, { ...authority, 'proxy-url': 'http://127.0.0.1:1' }],
    ['as', { token: 'abc', as: 'somebody' }, authority],
    ['exec', { exec }, authority],
    ['username', { username: 'a', password: 'b' }, authority],
  ] as const) {
    const { theirs, ours, logins } = await list(user, cluster)
    expect(ours, name).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining(`user.conf" has ${name}: `) })
    expect(ours.stderr).toMatch(/ \[KUBECONFIG_INVALID\]\ntry: /)
    expect(logins.length, name).toBe(theirs.exitCode === 0 ? 1 : 0)
  }
  // With a token nobody runs the program.
  expect(await list({ token: 'abc', exec })).toMatchObject({ codes: [0, 0], logins: ['Bearer abc', 'Bearer abc'] })
})

test('certs goes by the defaults where the kubeconfig cannot be used, and says why', { timeout: 60_000 }, async (context) => {
  const { dir, list, kadm } = await start(context)
  await list({ exec })
  const [conf, none] = [path.join(dir, 'user.conf'), path.join(dir, 'none.conf')]
  const words = ['certs', 'check-expiration', '--cert-dir', path.join(dir, 'pki'), '--kubeconfig']
  const [ours, without] = [await kadm(...words, conf), await kadm(...words, none)]
  expect(ours).toMatchObject({ exitCode: 0, stdout: without.stdout })
  expect(ours.stderr).toMatch(/^WARNING: kubeconfig ".*user\.conf" has exec: .* going by the defaults/m)
  expect(without.stderr).not.toContain('going by the defaults')
})
