import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http'
import { createServer } from 'node:https'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { localHost } from '../../src/host/local-host.ts'
import { externalEtcdVersion } from '../../src/preflight/external-etcd-version.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const noFiles = { kind: 'external', endpoints: [], caFile: '', certFile: '', keyFile: '' } as const
const fastClock = { now: () => 0, sleep: () => Promise.resolve() }

test('a server that wants a client certificate', async () => {
  const directory = await temporaryDirectory()
  const [certFile, keyFile] = [path.join(directory, 'cert'), path.join(directory, 'key')]
  const made = spawnSync('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    '/CN=etcd',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    '-keyout',
    keyFile,
    '-out',
    certFile,
  ])
  expect(made.status).toBe(0)
  const cert = await readFile(certFile)
  const server = createServer(
    { cert, key: await readFile(keyFile), ca: cert, requestCert: true, rejectUnauthorized: true },
    answerVersion('3.6.1'),
  )
  const endpoint = `https://127.0.0.1:${await listen(server)}`
  const etcd = { ...noFiles, httpEndpoints: [endpoint], caFile: certFile }
  expect(await externalEtcdVersion(localHost(), { ...etcd, certFile, keyFile }).run()).toEqual({ warnings: [], errors: [] })
  const without = await externalEtcdVersion(localHost(), etcd, { clock: fastClock }).run()
  expect(without.errors).toEqual([expect.stringContaining(endpoint)])
})

test('each endpoint is told: too old, not there, not etcd', async () => {
  const [old, other] = await Promise.all([
    listen(createPlainServer(answerVersion('3.5.23'))),
    listen(createPlainServer((_, response) => void response.end('hello'))),
  ])
  const httpEndpoints = [`http://127.0.0.1:${old}/`, 'http://127.0.0.1:1', `http://127.0.0.1:${other}`]
  const { errors } = await externalEtcdVersion(localHost(), { ...noFiles, httpEndpoints }, { clock: fastClock }).run()
  expect(errors).toEqual([
    expect.stringContaining('3.5.24-0 or newer'),
    expect.stringContaining('ECONNREFUSED'),
    expect.stringContaining('hello'),
  ])
})

test('a server that is just coming up is asked again', async () => {
  let asked = 0
  const port = await listen(
    createPlainServer((request, response) =>
      ++asked < 3 ? void response.writeHead(503).end() : answerVersion('3.7.0')(request, response),
    ),
  )
  expect(
    (await externalEtcdVersion(localHost(), { ...noFiles, httpEndpoints: [`http://127.0.0.1:${port}`] }, { clock: fastClock }).run())
      .errors,
  ).toEqual([])
  expect(asked).toBe(3)
})

test('who is stopped waits for no answer and no further try', async () => {
  const silent = await listen(createPlainServer(() => {}))
  for (const port of [silent, 1]) {
    const stop = new AbortController()
    const running = externalEtcdVersion(
      localHost(),
      { ...noFiles, httpEndpoints: [`http://127.0.0.1:${port}`] },
      { signal: stop.signal },
    ).run()
    setTimeout(() => stop.abort(new Error('stopped')), 100)
    await expect(running).rejects.toThrow('stopped')
  }
})

function answerVersion(version: string): RequestListener {
  return (_, response) => void response.end(JSON.stringify({ etcdserver: version, etcdcluster: '3.6.0' }))
}

async function listen(server: Server): Promise<number> {
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
