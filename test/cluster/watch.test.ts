import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import type { WatchEvent } from '../../src/cluster/cluster.ts'
import { waitForObject } from '../../src/cluster/wait.ts'
import { sharedControlPlane } from '../support/control-plane.ts'

const controlPlane = sharedControlPlane()
const kind = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default' }
const configMap = (name: string, labels: Record<string, string> = {}) => ({
  ...kind,
  metadata: { name, namespace: 'default', labels },
  data: {},
})

test('a watch tells what is there, then each change, and goes on after the API server was killed', async (context) => {
  const plane = await controlPlane(context)
  const cluster = plane.connect('super-admin')
  const label = `l${randomBytes(4).toString('hex')}`
  const of = (name: string) => configMap(name, { set: label })
  await cluster.create(of('first'))
  const controller = new AbortController()
  const failures: unknown[] = []
  const seen = events(
    cluster.watch(kind, { labelSelector: `set=${label}`, signal: controller.signal, onFailure: (error) => failures.push(error) }),
  )
  expect(await seen.next()).toBe('ADDED first')
  await cluster.create(of('second'))
  expect(await seen.next()).toBe('ADDED second')
  await cluster.patch({ ...kind, name: 'second' }, { data: { x: '1' } }, 'merge')
  expect(await seen.next()).toBe('MODIFIED second')
  await cluster.delete({ ...kind, name: 'first' })
  expect(await seen.next()).toBe('DELETED first')

  await plane.restartApiServer()
  await createWhenServed(() => cluster.create(of('third')))
  expect(await seen.next()).toBe('ADDED third')
  expect(failures[0]).toMatchObject({ code: 'API_UNREACHABLE' })
  controller.abort()
  expect(await seen.next()).toBe('end')
})

test('a watch from a version that the API has forgotten lists again and tells the difference only', async (context) => {
  const plane = await controlPlane(context)
  const cluster = plane.connect('super-admin')
  const label = `l${randomBytes(4).toString('hex')}`
  const of = (name: string) => configMap(name, { set: label })
  for (const name of ['stays', 'changes', 'goes']) await cluster.create(of(name))
  const controller = new AbortController()
  // One path to the server whose connection we can cut and hold.
  const gate = gateTo(Number(new URL(plane.server).port))
  const watching = plane.connect('super-admin', { dial: gate.dial })
  const seen = events(watching.watch(kind, { labelSelector: `set=${label}`, signal: controller.signal }))
  expect([await seen.next(), await seen.next(), await seen.next()].sort()).toEqual(['ADDED changes', 'ADDED goes', 'ADDED stays'])
  gate.shut()
  await cluster.patch({ ...kind, name: 'changes' }, { data: { x: '1' } }, 'merge')
  await cluster.delete({ ...kind, name: 'goes' })
  await cluster.create(of('comes'))
  await compactEtcd(plane.etcd, plane.dir)
  // A fresh API server has no cache of its own that reaches back before the compaction.
  await plane.restartApiServer()
  await createWhenServed(() => cluster.list(kind))
  gate.open()
  expect([await seen.next(), await seen.next(), await seen.next()].sort()).toEqual(['ADDED comes', 'DELETED goes', 'MODIFIED changes'])
  controller.abort()
  expect(await seen.next()).toBe('end')
})

test('a wait by watch ends with the object, or says what it saw last', async (context) => {
  const plane = await controlPlane(context)
  const cluster = plane.connect('super-admin')
  const name = `w-${randomBytes(4).toString('hex')}`
  const waiting = waitForObject(cluster, { ...kind, name }, (object) => (object['data'] as { x?: string } | undefined)?.x === '1', {
    timeout: 10_000,
  })
  await cluster.create(configMap(name))
  const start = performance.now()
  await cluster.patch({ ...kind, name }, { data: { x: '1' } }, 'merge')
  expect(await waiting).toMatchObject({ metadata: { name }, data: { x: '1' } })
  expect(performance.now() - start).toBeLessThan(3000) // an event that is missed would cost all of the 10 s
  const never = waitForObject(cluster, { ...kind, name }, () => false, { timeout: 200 })
  await expect(never).rejects.toMatchObject({
    code: 'COMPONENT_NOT_HEALTHY',
    message: expect.stringMatching(
      new RegExp(`^waited 0\\.2 s for ConfigMap default/${name} \\(since .*Z\\): it is there, but not as it should be$`),
    ),
  })
  const closing = plane.connect('super-admin')
  const seen = events(closing.watch(kind, { fieldSelector: `metadata.name=${name}`, signal: new AbortController().signal }))
  expect(await seen.next()).toBe(`ADDED ${name}`)
  const next = seen.next()
  await closing.close()
  expect(await next).toBe('end')
  const reason = new Error('enough')
  await expect(
    waitForObject(cluster, { ...kind, name: 'absent' }, () => true, { timeout: 9000, signal: AbortSignal.abort(reason) }),
  ).rejects.toBe(reason)
})

/** The next event as `TYPE name`, or `end`. */
function events(source: AsyncIterable<WatchEvent>): { next(): Promise<string> } {
  const iterator = source[Symbol.asyncIterator]()
  return {
    async next() {
      const { done, value } = await iterator.next()
      return done ? 'end' : `${value.type} ${value.object.metadata.name}`
    },
  }
}

async function createWhenServed(call: () => Promise<unknown>): Promise<void> {
  const { retryUntil } = await import('../../src/cluster/wait.ts')
  await retryUntil(call, { timeout: 30_000, describe: 'the API server to be back' })
}

function gateTo(port: number) {
  let closed = false
  const sockets: { destroy(): void }[] = []
  return {
    async dial() {
      if (closed) throw new Error('the gate is shut')
      const { connect } = await import('node:net')
      const socket = connect(port, '127.0.0.1')
      sockets.push(socket)
      return socket
    },
    shut() {
      closed = true
      for (const socket of sockets) socket.destroy()
    },
    open() {
      closed = false
    },
  }
}

async function compactEtcd(url: string, dir: string): Promise<void> {
  const { request } = await import('node:https')
  const { readFileSync } = await import('node:fs')
  const read = (file: string) => readFileSync(`${dir}/${file}`)
  const post = (path: string, body: unknown) =>
    new Promise<{ header?: { revision: string } }>((resolve, reject) => {
      const call = request(
        `${url}${path}`,
        { method: 'POST', ca: read('ca.crt'), cert: read('super-admin.crt'), key: read('super-admin.key') },
        (response) => {
          let text = ''
          response.on('data', (chunk) => (text += String(chunk)))
          response.on('end', () => resolve(JSON.parse(text) as { header?: { revision: string } }))
        },
      )
      call.on('error', reject)
      call.end(JSON.stringify(body))
    })
  const { header } = await post('/v3/kv/range', { key: Buffer.from('x').toString('base64') })
  await post('/v3/kv/compaction', { revision: header?.revision, physical: true })
}
