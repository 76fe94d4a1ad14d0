/** A TLS server that presents what it is told and answers what it is told, connection by connection, and keeps all that it was sent. */
import { createServer, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import type { Identity } from './identity.ts'

/** What goes out for one request. `connection` counts from 1 those on which a request for cluster-info came. */
export type Answer = (stream: TLSSocket | Socket, connection: number) => void

export interface Behaviour {
  /** By the number of the connection, from 1; `undefined`: no TLS at all. */
  readonly identity: (connection: number) => Identity | undefined
  readonly answer: Answer
  readonly address?: '127.0.0.1' | '::1'
}

export interface HostileServer {
  readonly port: number
  readonly endpoint: string
  /** All that came in, after decryption. */
  readonly received: () => string
  /** Paths asked for, in order. */
  readonly paths: () => readonly string[]
  readonly close: () => Promise<void>
}

/** `behave` may use the port. */
export async function hostileServer(
  behave: (port: number) => Behaviour | Promise<Behaviour>,
  address: '127.0.0.1' | '::1' = '127.0.0.1',
): Promise<HostileServer> {
  const open = new Set<Socket>()
  const received: Buffer[] = []
  const paths: string[] = []
  const held: { behaviour?: Behaviour } = {}
  let connections = 0
  const server = createServer((socket) => {
    open.add(socket.on('close', () => open.delete(socket)).on('error', () => undefined))
    const number = ++connections
    const identity = held.behaviour?.identity(number)
    const stream = identity === undefined ? socket : new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(identity) })
    let head = ''
    stream.on('error', () => undefined)
    stream.on('data', (chunk: Buffer) => {
      received.push(chunk)
      const before = head.includes('\r\n\r\n')
      head += chunk.toString('latin1')
      // Without TLS a handshake comes, which an HTTP server answers as well.
      if (before || (identity !== undefined && !head.includes('\r\n\r\n'))) return
      paths.push(head.split(' ')[1] ?? '')
      held.behaviour?.answer(stream, number)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  held.behaviour = await behave(port)
  return {
    port,
    endpoint: address === '::1' ? `[::1]:${port}` : `${address}:${port}`,
    received: () => Buffer.concat(received).toString('latin1'),
    paths: () => [...paths],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}

export function http(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const lines = Object.entries({
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
    connection: 'close',
  })
  const head = [`HTTP/1.1 ${status} X`, ...lines.map(([name, value]) => `${name}: ${value}`)].join('\r\n')
  return (stream) => void stream.end(`${head}\r\n\r\n${body}`)
}

export function configMap(data: Readonly<Record<string, unknown>>): Answer {
  return http(
    200,
    JSON.stringify({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'cluster-info', namespace: 'kube-public' }, data }),
  )
}

/** Writes `next()` whenever the other side takes more, until `limit` bytes or the end of the connection; `pause` in milliseconds. */
export function endless(head: string, next: () => string, { limit = Infinity, pause = 0 } = {}): Answer & { readonly sent: () => number } {
  let sent = 0
  const answer: Answer = (stream) => {
    const write = (): void => {
      if (stream.destroyed || sent >= limit) return
      const text = next()
      sent += text.length
      if (pause > 0) void (stream.write(text), setTimeout(write, pause))
      else if (stream.write(text)) setImmediate(write)
      else stream.once('drain', write)
    }
    stream.write(head)
    write()
  }
  return Object.assign(answer, { sent: () => sent })
}
