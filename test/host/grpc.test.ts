/** What only a connection that comes late can show of gRPC calls. On a real containerd: cri-runtime.test.ts. */
import { once } from 'node:events'
import { createServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { dialLocally } from '../../src/host/dial.ts'
import { grpcConnection } from '../../src/host/cri/grpc.ts'

test('a call that nobody waits for any more is not made when the connection comes at last', async () => {
  const calls: string[] = []
  const server = createServer().on('stream', (stream: ServerHttp2Stream, headers) => {
    calls.push(String(headers[':path']))
    stream.respond({ ':status': 200, 'grpc-status': '0' }, { endStream: true })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const line = Promise.withResolvers<undefined>()
  const connection = grpcConnection(async () => {
    await line.promise
    return dialLocally({ kind: 'tcp', host: '127.0.0.1', port })
  })
  onTestFinished(() => connection.close())
  await expect(connection.unary('late', Buffer.alloc(0), { timeout: 50 })).rejects.toMatchObject({ message: 'no answer in time' })
  line.resolve(undefined)
  await connection.unary('in-time', Buffer.alloc(0), { timeout: 10_000 }).catch(() => undefined)
  await sleep(50)
  expect(calls).toEqual(['/in-time'])
})
