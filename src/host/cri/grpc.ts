/** gRPC calls over a stream that the caller opens: as much of the protocol as CRI needs (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md). */
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2'
import type { Duplex } from 'node:stream'
import { messageOf } from '../../errors.ts'
import { systemCode } from '../file-error.ts'

export interface GrpcConnection {
  /** One message there and one back. `timeout` in milliseconds; the server is told of it. Rejects with GrpcError. */
  unary(method: string, request: Buffer, options: { readonly timeout: number; readonly signal?: AbortSignal }): Promise<Buffer>
  /** Calls `onMessage` for each message and `onEnd` once, however it ends. */
  stream(method: string, request: Buffer, handlers: { readonly onMessage: () => void; readonly onEnd: () => void }): () => void
  close(): void
}

export const grpcStatus = { DEADLINE_EXCEEDED: 4, NOT_FOUND: 5, PERMISSION_DENIED: 7, UNIMPLEMENTED: 12, UNAVAILABLE: 14 } as const

export class GrpcError extends Error {
  readonly status: number
  /** The system's code when there was no connection: ENOENT, ECONNREFUSED, EACCES. */
  readonly code: string | undefined

  constructor(status: number, details: string, cause?: unknown) {
    super(details, cause === undefined ? undefined : { cause })
    this.status = status
    this.code = systemCode(cause)
  }
}

/** Dials at the first call, and again after the connection broke. */
export function grpcConnection(dial: () => Promise<Duplex>): GrpcConnection {
  let session: Promise<ClientHttp2Session> | undefined
  const connected = (): Promise<ClientHttp2Session> => {
    // Taken at once, so that calls side by side share one.
    session = usableOrNew(session, dial)
    return session
  }
  const start = async (
    method: string,
    request: Buffer,
    { headers, limit }: { readonly headers?: Readonly<Record<string, string>>; readonly limit?: AbortSignal } = {},
  ): Promise<ClientHttp2Stream> => {
    try {
      const open = await connected()
      // Nobody waits for its answer any more: it would be done behind the back of whoever was told that it failed.
      limit?.throwIfAborted()
      const call = open.request({
        ':method': 'POST',
        ':path': `/${method}`,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...headers,
      })
      call.end(framed(request))
      return call
    } catch (error) {
      throw new GrpcError(grpcStatus.UNAVAILABLE, messageOf(error), error)
    }
  }
  return {
    unary: async (method, request, { timeout, signal }) => {
      const limit = AbortSignal.timeout(timeout)
      const call = await beforeEnd(limit, start(method, request, { headers: { 'grpc-timeout': `${Math.ceil(timeout)}m` }, limit }))
      const stop = signal === undefined ? limit : AbortSignal.any([signal, limit])
      const onStop = (): void => call.close(cancelled)
      if (stop.aborted) onStop()
      stop.addEventListener('abort', onStop, { once: true })
      try {
        const chunks: Buffer[] = []
        await received(call, (chunk) => chunks.push(chunk))
        return unframed(Buffer.concat(chunks))
      } catch (error) {
        throw limit.aborted ? new GrpcError(grpcStatus.DEADLINE_EXCEEDED, 'no answer in time', error) : error
      } finally {
        stop.removeEventListener('abort', onStop)
      }
    },
    stream: (method, request, { onMessage, onEnd }) => {
      let isCancelled = false
      let cancel = (): void => undefined
      void (async () => {
        const call = await start(method, request)
        cancel = () => call.close(cancelled)
        if (isCancelled) cancel()
        await received(call, onMessage)
      })()
        .catch(() => undefined)
        .finally(onEnd)
      return () => {
        isCancelled = true
        cancel()
      }
    },
    close: () => {
      void session?.then(
        (open) => open.destroy(),
        () => undefined,
      )
      session = undefined
    },
  }
}

// RFC 9113, 7: CANCEL
const cancelled = 0x8

async function usableOrNew(earlier: Promise<ClientHttp2Session> | undefined, dial: () => Promise<Duplex>): Promise<ClientHttp2Session> {
  const open = await earlier?.catch(() => undefined)
  return open !== undefined && !open.closed && !open.destroyed ? open : openSession(dial)
}

async function openSession(dial: () => Promise<Duplex>): Promise<ClientHttp2Session> {
  const stream = await dial()
  // containerd refuses a socket path as :authority.
  // Loaded with the first call: most commands make none.
  const { connect } = process.getBuiltinModule('node:http2')
  const session = connect('http://localhost', { createConnection: () => stream, settings: { initialWindowSize: 4 * 1024 * 1024 } })
  session.on('error', () => undefined) // each call hears of it
  stream.on('close', () => session.destroy())
  return session
}

/** Resolves when the call ended with status OK. */
function received(call: ClientHttp2Stream, onData: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let status: IncomingHttpHeaders = {}
    let failure: Error | undefined
    const take = (headers: IncomingHttpHeaders): void => {
      if (headers['grpc-status'] !== undefined) status = headers
    }
    call.on('response', take).on('trailers', take).on('data', onData)
    call.on('error', (error: Error) => (failure = error))
    call.on('close', () => {
      const found = status['grpc-status']
      if (found === '0') return resolve()
      if (found === undefined)
        return reject(new GrpcError(grpcStatus.UNAVAILABLE, failure?.message ?? 'the connection was closed', failure))
      return reject(new GrpcError(Number(found), decodeURIComponent(String(status['grpc-message'] ?? ''))))
    })
  })
}

/** A message has a byte that says whether it is compressed (none here is) and its length before it. */
function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

function unframed(bytes: Buffer): Buffer {
  if (bytes.length < 5 || bytes[0] !== 0 || bytes.readUInt32BE(1) !== bytes.length - 5)
    throw new GrpcError(grpcStatus.UNAVAILABLE, 'an answer that is none')
  return bytes.subarray(5)
}

/** A dial that hangs must not take longer than the call may. */
function beforeEnd<T>(limit: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onLimit = (): void => reject(new GrpcError(grpcStatus.DEADLINE_EXCEEDED, 'no answer in time'))
    limit.addEventListener('abort', onLimit, { once: true })
    work.then(resolve, reject).finally(() => limit.removeEventListener('abort', onLimit))
  })
}
