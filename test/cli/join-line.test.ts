/** `token create --print-join-command` beside kubeadm's, by kubeconfigs whose servers nobody asks: a dry run goes on without them. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test, type TestContext } from 'vitest'
import type { JsonObject } from '../../src/json.ts'
import { generateToken } from '../../src/tokens/bootstrap-token.ts'
import { bothPrograms } from '../support/both-programs.ts'
import { makeCertificates } from '../support/control-plane.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** Nothing listens at these of this machine. */
const servers = [
  'https://127.0.0.1:443',
  'https://127.0.0.1',
  'https://127.0.0.1:1/a/path',
  'https://127.0.0.1:443/',
  'https://LocalHost:443',
  'https://[::1]:443',
]

test('the server stands there as the kubeconfig has it: port 443, a path, capitals', { timeout: 120_000 }, async (context) => {
  const ca = await authority()
  for (const server of servers) {
    const [ours, theirs] = await joinLines(context, kubeconfig([{ name: 'kubernetes', cluster: { server, ...ca } }]))
    expect(ours).toBe(theirs)
    expect(ours).toContain(`kubeadm join ${server.slice('https://'.length)} --token `)
  }
})

test('a cluster without a name goes before that of the current context', { timeout: 60_000 }, async (context) => {
  const [current, unnamed] = [await authority(), await authority()]
  const clusters = [
    { name: 'kubernetes', cluster: { server: 'https://127.0.0.1:1', ...current } },
    { name: '', cluster: { server: 'https://127.0.0.2:2', ...unnamed } },
  ]
  const [ours, theirs] = await joinLines(context, kubeconfig(clusters))
  expect(ours).toBe(theirs)
  expect(ours).toContain('kubeadm join 127.0.0.2:2 ')
})

/** The last line that each prints, kadm's first. */
async function joinLines(context: TestContext, document: JsonObject): Promise<readonly (string | undefined)[]> {
  const conf = path.join(await temporaryDirectory(), 'user.conf')
  await writeFile(conf, JSON.stringify(document))
  const { kadm, kubeadm } = bothPrograms(context, { KUBECONFIG: conf })
  const words = ['token', 'create', generateToken(), '--dry-run', '--print-join-command']
  const ended = await Promise.all([kadm(...words), kubeadm(...words)])
  return ended.map(({ exitCode, stdout, stderr }) => {
    expect(exitCode, stderr).toBe(0)
    return stdout.trimEnd().split('\n').at(-1)
  })
}

function kubeconfig(clusters: readonly JsonObject[]): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [...clusters],
    users: [{ name: 'user', user: { token: 'abc' } }],
    contexts: [{ name: 'test', context: { cluster: 'kubernetes', user: 'user' } }],
  }
}

async function authority(): Promise<JsonObject> {
  const dir = path.join(await temporaryDirectory(), 'pki')
  await mkdir(dir)
  await makeCertificates(dir)
  return { 'certificate-authority-data': (await readFile(path.join(dir, 'ca.crt'))).toString('base64') }
}
