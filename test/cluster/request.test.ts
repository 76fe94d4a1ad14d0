/** What only a server that misbehaves on purpose can show. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { rootCertificates } from 'node:tls'
import { expect, onTestFinished, test, vi } from 'vitest'
import { requester } from '../../src/cluster/request.ts'
import { httpsServer } from '../support/https-server.ts'

test('a call that the server puts off is made again when it says, but not for ever', async () => {
  const times: number[] = []
  const server = await serve((_, response) => {
    times.push(Date.now())
    if (times.length < 3) response.writeHead(429, { 'retry-after': '0' }).end()
    else if (times.length === 3) response.writeHead(429, { 'retry-after': '1' }).end()
    else response.end('done')
  })
  expect(await server.call({ method: 'POST', path: '/' })).toMatchObject({ status: 200, body: 'done' })
  expect(times).toHaveLength(4)
  expect((times[3] ?? 0) - (times[2] ?? 0)).toBeGreaterThanOrEqual(990)
  let tries = 0
  const never = await serve((_, response) => {
    tries++
    response.writeHead(429, { 'retry-after': '60' }).end('later')
  })
  expect(await never.call({ method: 'GET', path: '/' })).toMatchObject({ status: 429, body: 'later' })
  expect(tries).toBe(1)
})

test('a connection that the server closes as it is taken up again is replaced, for calls that may be repeated only', async () => {
  const seen: string[] = []
  const used = new WeakSet<object>()
  const server = await serve((request, response) => {
    seen.push(String(request.method))
    if (used.has(request.socket)) return request.socket.destroy()
    used.add(request.socket)
    return response.end('ok')
  })
  for (let i = 0; i < 2; i++) expect(await server.call({ method: 'GET', path: '/' })).toMatchObject({ body: 'ok' })
  expect(seen).toEqual(['GET', 'GET', 'GET'])
  await expect(server.call({ method: 'POST', path: '/', body: {} })).rejects.toMatchObject({
    code: 'API_UNREACHABLE',
    cause: { code: 'ECONNRESET' },
  })
  expect(seen).toEqual(['GET', 'GET', 'GET', 'POST'])
})

test('an answer that stops half-way ends with the time limit; a stream may be silent only so long', async () => {
  const server = await serve((_, response) => response.write('half'), { timeout: 150 })
  await expect(server.call({ method: 'GET', path: '/' })).rejects.toMatchObject({
    message: expect.stringContaining('nothing came within 0.15 s'),
  })
  const { chunks } = await server.stream({ method: 'GET', path: '/' }, 300)
  const start = performance.now()
  const got: string[] = []
  const reading = (async () => {
    for await (const chunk of chunks) got.push(chunk)
  })()
  await expect(reading).rejects.toMatchObject({ message: expect.stringContaining('nothing came within 0.3 s') })
  expect(performance.now() - start).toBeGreaterThan(250)
  expect(got).toEqual(['half'])
})

test('how long the reader of a stream takes is no silence of the server', async () => {
  const server = await serve((_, response) => {
    response.write('one')
    setTimeout(() => response.end('two'), 100)
  })
  const { chunks } = await server.stream({ method: 'GET', path: '/' }, 300)
  const got: string[] = []
  for await (const chunk of chunks) {
    got.push(chunk)
    await sleep(500)
  }
  expect(got).toEqual(['one', 'two'])
})

test('a base path, the token and the user agent go with each call', async () => {
  const seen: unknown[] = []
  const options = { base: '/k8s/one', token: 'secret' }
  const server = await serve((request, response) => {
    seen.push([request.url, request.headers.authorization, request.headers['user-agent']])
    response.end('ok')
  }, options)
  await server.call({ method: 'GET', path: '/version' })
  expect(seen).toEqual([['/k8s/one/version', 'Bearer secret', 'kadm']])
})

test('a server of an unknown authority is refused, whatever the environment says', async () => {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
  onTestFinished(() => void vi.unstubAllEnvs())
  const seen: unknown[] = []
  const answer = (request: IncomingMessage, response: ServerResponse): unknown => (seen.push(request.url), response.end('ok'))
  const server = await serve(answer, { ca: rootCertificates[0] ?? '', token: 'secret' })
  await expect(server.call({ method: 'GET', path: '/' })).rejects.toMatchObject({
    code: 'API_UNREACHABLE',
    cause: { code: expect.stringMatching(/^UNABLE_TO_/) },
  })
  expect(seen).toEqual([])
})

test("a company's intermediate CA is trusted by itself, as by Go", async () => {
  const server = await serve((_, response) => response.end('ok'), { hasRoot: true })
  expect((await server.call({ method: 'GET', path: '/' })).status).toBe(200)
})

async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
  {
    base = '',
    hasRoot = false,
    ...options
  }: {
    readonly hasRoot?: boolean
    readonly base?: string
    readonly timeout?: number
    readonly token?: string
    readonly ca?: string
  } = {},
) {
  const { url, ca } = await httpsServer(answer, { hasRoot })
  return requester({ server: `${url}${base}`, ca, ...options })
}
