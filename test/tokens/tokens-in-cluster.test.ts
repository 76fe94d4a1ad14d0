/** Tokens against the real API server, the real kubeadm and the real signer of kube-controller-manager. */
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test, type TestContext } from 'vitest'
import { kinds } from '../../src/cluster/kinds.ts'
import { retryUntil, waitForObject } from '../../src/cluster/wait.ts'
import { generateToken, parseToken } from '../../src/tokens/bootstrap-token.ts'
import { isSignedBy, signClusterInfo } from '../../src/tokens/cluster-info-signature.ts'
import { createToken, deleteToken, ensureToken, listTokens } from '../../src/tokens/tokens-in-cluster.ts'
import { joinCommandLine } from '../../src/tokens/join-command.ts'
import { ensureShortLivedToken } from '../../src/tokens/short-lived-token.ts'
import { sharedControlPlane, type ControlPlane } from '../support/control-plane.ts'
import { realBinary } from '../support/real-binary.ts'

const controlPlane = sharedControlPlane()
const defaultGroup = 'system:bootstrappers:kubeadm:default-node-token'
const secretOf = (token: string) => ({ ...kinds.secret, namespace: 'kube-system', name: `bootstrap-token-${parseToken(token).id}` })

test('the API server takes a token that kadm made for authentication, with its groups, and no other', async (context) => {
  const plane = await controlPlane(context)
  const admin = plane.connect('super-admin')
  const [signing, past, token] = [generateToken(), generateToken(), generateToken()]
  await ensureToken(admin, { token: signing, ttl: 60_000, usages: ['signing'], groups: [] }, { now: new Date() })
  await ensureToken(admin, { token: past, ttl: 60_000, usages: ['authentication'], groups: [] }, { now: new Date(Date.now() - 61_000) })
  await ensureToken(admin, { token, ttl: 60_000, usages: ['signing', 'authentication'], groups: [defaultGroup] }, { now: new Date() })
  // Its cache of Secrets follows in order: when it knows the last one, it knows all.
  expect(await retryUntil(() => whoAmI(plane, token), { timeout: 5000, describe: 'the token' })).toMatchObject({
    username: `system:bootstrap:${parseToken(token).id}`,
    groups: expect.arrayContaining([defaultGroup]),
  })
  await expect(createToken(admin, { token, usages: [], groups: [] }, { now: new Date() })).rejects.toMatchObject({
    code: 'TOKEN_INVALID',
    message: `a token with id "${parseToken(token).id}" already exists`,
  })
  await expect(whoAmI(plane, signing)).rejects.toMatchObject({ status: 401 })
  await expect(whoAmI(plane, past)).rejects.toMatchObject({ status: 401 })
  await ensureToken(admin, { token, description: 'new', usages: ['signing'], groups: [] }, { now: new Date() })
  expect((await listTokens(admin)).tokens.find((each) => each.token === token)).toEqual({
    token,
    description: 'new',
    usages: ['signing'],
    groups: [],
  })
  expect(await deleteToken(admin, token)).toEqual({ id: parseToken(token).id, existed: true })
  expect(await deleteToken(admin, parseToken(token).id)).toMatchObject({ existed: false })
})

test("kadm and kubeadm make the same Secret of the same token, and list each other's alike", async (context) => {
  const plane = await controlPlane(context)
  const admin = plane.connect('super-admin')
  const token = generateToken()
  const args = ['--description', 'a b, c', '--groups', `${defaultGroup},system:bootstrappers:x`, '--usages', 'signing,authentication']
  await kubeadm(context, plane, ['token', 'create', token, '--ttl', '3h', ...args])
  const theirs = await admin.get(secretOf(token))
  const listed = await listTokens(admin)
  const found = listed.tokens.find((each) => each.token === token)
  expect(found).toMatchObject({
    description: 'a b, c',
    usages: ['authentication', 'signing'],
    groups: [defaultGroup, 'system:bootstrappers:x'],
  })
  const tokenLine = async () => (await kubeadm(context, plane, ['token', 'list'])).split('\n').find((line) => line.startsWith(token))
  const theirLine = await tokenLine()
  expect(theirLine).toContain('a b, c')
  await deleteToken(admin, token)
  await createToken(admin, { token, ...found, usages: ['signing', 'authentication'], groups: found?.groups ?? [] }, { now: new Date() })
  const ours = await admin.get(secretOf(token))
  expect({ data: ours?.['data'], type: ours?.['type'] }).toEqual({ data: theirs?.['data'], type: theirs?.['type'] })
  expect(await tokenLine()).toBe(theirLine)
  await kubeadm(context, plane, ['token', 'delete', token])
  expect(await admin.get(secretOf(token))).toBeUndefined()
})

test('the owner of kubeadm-certs is a token of two hours for nothing', async (context) => {
  const plane = await controlPlane(context)
  const admin = plane.connect('super-admin')
  const first = generateToken()
  const owner = await ensureShortLivedToken(admin, first, { now: new Date() })
  expect(await ensureShortLivedToken(admin, first, { now: new Date() })).toEqual(owner)
  const secret = await admin.get({ ...kinds.secret, namespace: 'kube-system', name: owner.name })
  expect(owner).toEqual({
    apiVersion: 'v1',
    kind: 'Secret',
    name: secret?.metadata.name,
    uid: secret?.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  })
  const { tokens } = await listTokens(admin)
  const token = tokens.find((each) => `bootstrap-token-${parseToken(each.token).id}` === owner.name)
  expect(token).toMatchObject({ description: 'Proxy for managing TTL for the kubeadm-certs secret', usages: [], groups: [] })
  const hours = ((token?.expires?.getTime() ?? 0) - Date.now()) / 3_600_000
  expect(hours).toBeGreaterThan(1.99)
  expect(hours).toBeLessThanOrEqual(2)
})

test("the join command is kubeadm's", async (context) => {
  const plane = await controlPlane(context)
  const token = generateToken()
  const printed = await kubeadm(context, plane, ['token', 'create', token, '--print-join-command', '--certificate-key', 'f00d'])
  const caHashes = /sha256:[0-9a-f]{64}/.exec(printed) ?? []
  const command = { endpoint: new URL(plane.server).host, token, caHashes: [...caHashes], controlPlane: { certificateKey: 'f00d' } }
  expect(`${joinCommandLine(command)}\n`).toBe(printed)
})

test('the signature of cluster-info is the one that kube-controller-manager makes', async (context) => {
  const plane = await controlPlane(context)
  const admin = plane.connect('super-admin')
  const tokens = Array.from({ length: 3 }, (_, index) => ({
    token: generateToken(),
    usages: index === 2 ? ['authentication'] : ['signing', 'authentication'],
    groups: [],
  }))
  for (const token of tokens) await ensureToken(admin, { ...token, ttl: 600_000 }, { now: new Date() })
  const kubeconfig = `apiVersion: v1\nkind: Config\nnote: "ü ${Math.random()}"\n`
  const ref = { ...kinds.configMap, namespace: 'kube-public', name: 'cluster-info' }
  await admin.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: ref, data: { kubeconfig } })
  const conf = path.join(plane.dir, 'super-admin.conf')
  plane.start(context, 'kube-controller-manager', [
    `--kubeconfig=${conf}`,
    '--controllers=bootstrap-signer-controller',
    '--leader-elect=false',
    '--secure-port=0',
  ])
  const signed = await waitForObject(admin, ref, ({ data }) => Object.keys(data as object).length >= 3, { timeout: 30_000 })
  const ours = await signClusterInfo(kubeconfig, tokens)
  expect(Object.keys(ours)).toHaveLength(2)
  const theirs = signed['data'] as Record<string, string>
  expect(theirs).toMatchObject({ kubeconfig, ...ours })
  const [first = '', second = ''] = tokens.map(({ token }) => token)
  const signature = theirs[`jws-kubeconfig-${parseToken(first).id}`] ?? ''
  expect(await isSignedBy(kubeconfig, signature, first)).toBe(true)
  expect(await isSignedBy(`${kubeconfig} `, signature, first)).toBe(false)
  expect(await isSignedBy(kubeconfig, signature, second)).toBe(false)
  expect(await isSignedBy(kubeconfig, signature.slice(1), first)).toBe(false)
})

async function whoAmI(plane: ControlPlane, token: string): Promise<unknown> {
  const review = await plane.connect('anonymous', { token }).create({ ...kinds.selfSubjectReview, metadata: { name: '' } })
  return (review['status'] as { userInfo: unknown }).userInfo
}

async function kubeadm(context: TestContext, plane: ControlPlane, args: readonly string[]): Promise<string> {
  const run = promisify(execFile)
  const { stdout } = await run(realBinary(context, 'kubeadm'), [...args, '--kubeconfig', path.join(plane.dir, 'super-admin.conf')], {
    env: { HOME: plane.dir },
  })
  return stdout
}
