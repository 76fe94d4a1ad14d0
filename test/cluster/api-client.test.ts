import { randomBytes } from 'node:crypto'
import { createServer, connect as tcpConnect } from 'node:net'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { connectCluster } from '../../src/cluster/api-client.ts'
import { ApiError } from '../../src/cluster/api-error.ts'
import { kinds, objectPath } from '../../src/cluster/kinds.ts'
import { sharedControlPlane } from '../support/control-plane.ts'

const controlPlane = sharedControlPlane()
const configMap = (name: string, data: Record<string, string> = { a: '1' }) =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data }) as const
const fresh = () => `t-${randomBytes(5).toString('hex')}`

test('objects are created, read, replaced, listed and removed', async (context) => {
  const cluster = (await controlPlane(context)).connect('super-admin')
  const object = configMap(fresh())
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: object.metadata.name }
  expect(await cluster.get(ref)).toBeUndefined()
  const created = await cluster.create(object)
  expect(created).toMatchObject({ kind: 'ConfigMap', data: { a: '1' }, metadata: { name: object.metadata.name, uid: expect.any(String) } })
  expect(await cluster.get(ref)).toEqual(created)
  await cluster.replace({ ...object, data: { b: '2' } })
  expect(await cluster.get(ref)).toMatchObject({ data: { b: '2' } })
  const listed = await cluster.list(ref, { fieldSelector: `metadata.name=${ref.name}` })
  expect(listed).toMatchObject([{ apiVersion: 'v1', kind: 'ConfigMap', data: { b: '2' } }])
  expect((await cluster.list({ apiVersion: 'v1', kind: 'ConfigMap' })).length).toBeGreaterThan(1)
  await cluster.delete(ref)
  await cluster.delete(ref)
  expect(await cluster.get(ref)).toBeUndefined()
})

test('each kind of patch does its own thing', async (context) => {
  const cluster = (await controlPlane(context)).connect('super-admin')
  const object = configMap(fresh())
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: object.metadata.name }
  await cluster.create(object)
  expect(await cluster.patch(ref, { data: { m: '1', a: null } }, 'merge')).toHaveProperty('data', { m: '1' })
  expect(await cluster.patch(ref, { data: { s: '1', $patch: 'replace' } }, 'strategic')).toHaveProperty('data', { s: '1' })
  expect(await cluster.patch(ref, [{ op: 'add', path: '/data/j', value: '1' }], 'json')).toHaveProperty('data', { s: '1', j: '1' })
  const applied = await cluster.patch(ref, { ...object, data: { j: 'mine' } }, 'apply')
  expect(applied).toHaveProperty('data', { s: '1', j: 'mine' })
  expect(applied.metadata['managedFields']).toMatchObject(
    expect.arrayContaining([expect.objectContaining({ manager: 'kadm', operation: 'Apply' })]),
  )
})

test('refusals say what was refused and why', async (context) => {
  const plane = await controlPlane(context)
  const cluster = plane.connect('super-admin')
  const object = configMap(fresh())
  const created = await cluster.create(object)
  await expect(cluster.create(object)).rejects.toMatchObject({ code: 'API_REFUSED', status: 409, reason: 'AlreadyExists' })
  await cluster.replace({ ...object, data: { b: '2' } })
  await expect(cluster.replace(created)).rejects.toMatchObject({ status: 409, reason: 'Conflict' })
  await expect(cluster.replace(configMap('absent'))).rejects.toMatchObject({ status: 404, reason: 'NotFound' })
  await expect(cluster.create({ ...configMap('x'), metadata: { name: 'x', namespace: 'nowhere' } })).rejects.toMatchObject({ status: 404 })
  await expect(cluster.create(configMap('Not_A_Name'))).rejects.toMatchObject({ status: 422, reason: 'Invalid' })
  const refused = plane.connect('anonymous').get({ ...kinds.secret, namespace: 'kube-system', name: 'x' })
  await expect(refused).rejects.toBeInstanceOf(ApiError)
  await expect(refused).rejects.toMatchObject({
    status: 403,
    reason: 'Forbidden',
    message: expect.stringMatching(/^the Kubernetes API refused to get Secret kube-system\/x: .*system:anonymous/),
  })
  await expect(plane.connect('anonymous', { token: 'abcdef.0123456789abcdef' }).list(kinds.node)).rejects.toMatchObject({
    status: 401,
    reason: 'Unauthorized',
  })
})

test('a server whose certificate does not match is refused, one whose name is given passes', async (context) => {
  const plane = await controlPlane(context)
  const other = (await import('node:tls')).rootCertificates[0] ?? ''
  await expect(plane.connect('super-admin', { ca: other }).list(kinds.node)).rejects.toMatchObject({
    code: 'API_UNREACHABLE',
    cause: { code: expect.stringMatching(/^UNABLE_TO_/) },
  })
  await expect(connectCluster({ server: plane.server }).list(kinds.node)).rejects.toMatchObject({ code: 'API_UNREACHABLE' })
  await expect(plane.connect('super-admin', { serverName: 'elsewhere' }).list(kinds.node)).rejects.toMatchObject({
    cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
  })
  await expect(plane.connect('super-admin', { serverName: '10.0.0.1' }).list(kinds.node)).rejects.toMatchObject({
    cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
  })
  expect(await plane.connect('super-admin', { serverName: 'kubernetes' }).list(kinds.node)).toEqual([])
})

test('calls go through a stream that is given, over one connection when they follow each other', async (context) => {
  const plane = await controlPlane(context)
  const port = Number(new URL(plane.server).port)
  let dialled = 0
  const dial = async () => (dialled++, tcpConnect(port, '127.0.0.1'))
  const cluster = plane.connect('super-admin', { dial, server: 'https://kubernetes:1234' })
  for (let i = 0; i < 5; i++) expect(await cluster.raw('/livez')).toEqual({ status: 200, body: 'ok' })
  expect(dialled).toBe(1)
  await Promise.all(Array.from({ length: 20 }, () => cluster.raw('/version')))
  expect(dialled).toBeLessThanOrEqual(8)
  const failing = plane.connect('super-admin', { dial: () => Promise.reject(new Error('no tunnel')) })
  await expect(failing.raw('/livez')).rejects.toMatchObject({ code: 'API_UNREACHABLE', message: expect.stringContaining('no tunnel') })
})

test('silence, refusal to connect and abort end a call', async (context) => {
  const plane = await controlPlane(context)
  const mute = createServer((socket) => socket.resume().on('error', () => undefined)).listen(0, '127.0.0.1')
  await once(mute, 'listening')
  const address = mute.address()
  const port = typeof address === 'object' ? address?.port : 0
  const server = `https://127.0.0.1:${port}`
  await expect(plane.connect('super-admin', { server, timeout: 100 }).raw('/livez')).rejects.toMatchObject({
    code: 'API_UNREACHABLE',
    message: `the Kubernetes API at ${server} does not answer: nothing came within 0.1 s`,
  })
  const reason = new Error('enough')
  const signal = AbortSignal.abort(reason)
  await expect(plane.connect('super-admin', { server }).raw('/livez', { signal })).rejects.toBe(reason)
  const controller = new AbortController()
  setTimeout(() => controller.abort(reason), 50)
  await expect(plane.connect('super-admin', { server, signal: controller.signal }).list(kinds.node)).rejects.toBe(reason)
  mute.close()
  await once(mute, 'close')
  await expect(plane.connect('super-admin', { server }).raw('/livez')).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
})

test('paths are those of the API, and an unknown kind is a bug', () => {
  expect(objectPath({ ...kinds.role, namespace: 'kube-system', name: 'a:b' })).toBe(
    '/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/roles/a%3Ab',
  )
  expect(objectPath({ ...kinds.node, name: 'n1' })).toBe('/api/v1/nodes/n1')
  expect(() => objectPath({ ...kinds.secret, name: 'x' })).toThrow('Secret needs a namespace')
  expect(() => objectPath({ apiVersion: 'v2', kind: 'Node', name: 'x' })).toThrow('v2 Node is not in')
})
