import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { httpGet } from '../../src/host/http-get.ts'
import { localHost } from '../../src/host/local-host.ts'
import { waitForHttp } from '../../src/host/wait-for-http.ts'
import { pauseFor, waitUntil } from '../../src/host/wait.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const host = localHost()

test('who is stopped while they wait is told why', async () => {
  const reason = new Error('stopped by SIGINT')
  const stop = new AbortController()
  const waiting = pauseFor(60_000, stop.signal)
  stop.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  await expect(pauseFor(60_000, stop.signal)).rejects.toBe(reason)
})

test('waits from refused connection over a bad status to health, and tells what it sees', async () => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/livez`
  const seen: string[] = []
  let calls = 0
  const wait = waitForHttp(host, { url, timeout: 10_000, onWaiting: (text) => seen.push(text) })
  await sleep(150)
  await listening(
    createServer(
      (_, answer) => void (++calls < 3 ? answer.writeHead(500).end('[+]ping ok\n[-]etcd failed: reason withheld\n') : answer.end('ok')),
    ),
    port,
  )
  expect(await wait).toEqual({ status: 200, body: 'ok' })
  expect(seen).toEqual([expect.stringContaining('ECONNREFUSED'), `${url}: status 500 [-]etcd failed: reason withheld`])
})

test('the intervals grow from 20 to 250 ms, the deadline holds, and the last thing seen is in the error', async () => {
  let now = 0
  const pauses: number[] = []
  const clock = {
    now: () => now,
    sleep: async (milliseconds: number): Promise<void> => void ((now += milliseconds), pauses.push(milliseconds)),
  }
  const wait = waitUntil(host, {
    what: 'x',
    timeout: 2000,
    clock,
    look: async () => ({ kind: 'not-yet', seen: 'grey' }),
    timedOut: (last) => new Error(`last: ${last}`),
  })
  await expect(wait).rejects.toThrow('last: grey')
  expect([pauses[0], pauses[1], Math.max(...pauses), now]).toEqual([20, 30, 250, 2000])
  await expect(waitForHttp(host, { url: `http://127.0.0.1:${await freePort()}/`, timeout: 100 })).rejects.toMatchObject({
    code: 'COMPONENT_NOT_HEALTHY',
    message: expect.stringMatching(/within 0\.1 s; last seen: connect ECONNREFUSED/),
  })
})

test('a server that takes the connection and says nothing does not outlast the deadline; a signal ends a wait at once', async () => {
  const port = await listening(createTcpServer(() => undefined))
  const started = performance.now()
  await expect(waitForHttp(host, { url: `http://127.0.0.1:${port}/`, timeout: 300 })).rejects.toThrow('last seen: no answer in time')
  const stop = new AbortController()
  const wait = waitForHttp(host, { url: `http://127.0.0.1:${port}/`, timeout: 60_000, signal: stop.signal })
  await sleep(100)
  stop.abort(new Error('the user gave up'))
  await expect(wait).rejects.toThrow('the user gave up')
  expect(performance.now() - started).toBeLessThan(3000)
})

test('HTTPS: verified with a CA, against the wrong CA, for the wrong address, and unverified', async () => {
  const dir = await temporaryDirectory()
  for (const name of ['good', 'other']) {
    const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-keyout',
        `${dir}/${name}.key`,
        '-out',
        `${dir}/${name}.crt`,
        ...names,
      ],
      { stdio: 'ignore' },
    )
  }
  const [ca, other, key] = ['good.crt', 'other.crt', 'good.key'].map((name) => readFileSync(`${dir}/${name}`))
  if (ca === undefined || other === undefined || key === undefined) throw new Error('unreachable')
  const answer: RequestListener = (question, response) => void response.end(`${question.url} ${question.headers.host}`)
  const port = await listening(createTlsServer({ cert: ca, key }, answer), 0, '0.0.0.0')
  expect(await httpGet(host, `https://127.0.0.1:${port}/a?b=c`, { ca })).toEqual({ status: 200, body: `/a?b=c 127.0.0.1:${port}` })
  expect(await httpGet(host, `https://localhost:${port}/`, { ca })).toMatchObject({ status: 200 })
  await expect(httpGet(host, `https://127.0.0.1:${port}/`, { ca: other })).rejects.toThrow(/self-signed|unable to verify/)
  await expect(httpGet(host, `https://127.0.0.2:${port}/`, { ca })).rejects.toThrow(/127\.0\.0\.2/)
  await expect(httpGet(host, `https://127.0.0.1:${port}/`)).rejects.toThrow(/self-signed/)
  expect(await httpGet(host, `https://127.0.0.2:${port}/`, { verify: false })).toMatchObject({ status: 200 })
})

test('an answer without end is refused, and the error has neither the login nor the question', async () => {
  const port = await listening(createServer((_, answer) => void answer.end('x'.repeat(9 << 20))))
  await expect(httpGet(host, `http://me:s3cr3t@127.0.0.1:${port}/file?key=s3cr3t`)).rejects.toThrow(
    new RangeError(`the answer of http://127.0.0.1:${port}/file is larger than 8 MiB`),
  )
})

test('an address in use cannot be had, a free one can', async () => {
  const port = await listening(createTcpServer(() => undefined))
  expect([
    await host.canListen(port),
    await host.canListen(port, '127.0.0.1'),
    await host.canListen(port, '127.0.0.2'),
    await host.canListen(await freePort()),
  ]).toEqual([false, false, true, true])
})

async function listening(server: Server, port = 0, address = '127.0.0.1'): Promise<number> {
  server.listen(port, address)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const bound = server.address()
  return typeof bound === 'object' && bound !== null ? bound.port : 0
}

async function freePort(): Promise<number> {
  const server = createTcpServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof bound === 'object' && bound !== null ? bound.port : 0
}
