/** Calls of CRI v1 over gRPC on a unix socket. */
import { KadmError, messageOf } from '../../errors.ts'
import { dialLocally } from '../dial.ts'
import { type GrpcConnection, grpcConnection, GrpcError, grpcStatus } from './grpc.ts'
import type { Host } from '../host.ts'
import { decodeMessage, encodeMessage, type Message, type WireValue } from './protobuf.ts'

export interface CriClient {
  /** Throws CONTAINER_RUNTIME_FAILED with the likely cause; `isRefusal` tells what the runtime itself answered. */
  call(method: CriMethod, fields: readonly (readonly [number, WireValue])[], options: CriCallOptions): Promise<Message>
  /** A stream of messages; `onMessage` for each, `onEnd` once, also when it fails. Resolves to what ends it. */
  stream(method: CriMethod, handlers: { readonly onMessage: () => void; readonly onEnd: () => void }): Promise<() => void>
  close(): void
}

export type CriMethod = `runtime.v1.${'RuntimeService' | 'ImageService'}/${string}`

export interface CriCallOptions {
  /** Milliseconds. */
  readonly timeout: number
  readonly signal?: AbortSignal
}

/** Is this the runtime's answer "no such call" or "no such thing"? */
export function isRefusal(error: unknown, status: 'UNIMPLEMENTED' | 'NOT_FOUND'): boolean {
  return error instanceof KadmError && statusOf(error.cause) === grpcStatus[status] && !offersNoCri(error.cause)
}

/** Connects at the first call, and again by itself. `dial` opens the socket where the runtime is; default: on this machine. */
export function criClient(endpoint: string, dial: Host['dial'] = dialLocally): CriClient {
  let opened: GrpcConnection | undefined
  const connection = (): GrpcConnection => (opened ??= connect(endpoint, dial))
  return {
    call: async (method, fields, { timeout, signal }) => {
      signal?.throwIfAborted()
      const current = connection()
      try {
        return decodeMessage(await current.unary(method, encodeMessage(fields), { timeout, ...(signal && { signal }) }))
      } catch (error) {
        signal?.throwIfAborted()
        throw criError(endpoint, method, timeout, error)
      }
    },
    stream: async (method, handlers) => connection().stream(method, Buffer.alloc(0), handlers),
    close: () => {
      opened?.close()
      opened = undefined
    },
  }
}

function connect(endpoint: string, dial: Host['dial']): GrpcConnection {
  const path = socketPath(endpoint)
  if (path === undefined)
    throw new KadmError('CONTAINER_RUNTIME_FAILED', `"${endpoint}" is not the address of a unix socket`, {
      remedy: ['give it as unix:///run/containerd/containerd.sock (nodeRegistration.criSocket or --cri-socket)'],
    })
  return grpcConnection(() => dial({ kind: 'unix', path }))
}

function socketPath(endpoint: string): string | undefined {
  const path = endpoint.startsWith('unix:') ? endpoint.replace(/^unix:(?:\/\/)?/, '') : endpoint
  return path.startsWith('/') ? path : undefined
}

function criError(endpoint: string, method: string, timeout: number, cause: unknown): KadmError {
  const [text, remedy] = likelyCause(endpoint, timeout, cause)
  return new KadmError('CONTAINER_RUNTIME_FAILED', `the container runtime at "${endpoint}" ${text} (${method.split('/')[1]})`, {
    remedy: [remedy],
    cause,
  })
}

function likelyCause(endpoint: string, timeout: number, cause: unknown): readonly [string, string] {
  const status = statusOf(cause)
  const details = messageOf(cause)
  const code = cause instanceof GrpcError ? cause.code : undefined
  if (status === grpcStatus.UNAVAILABLE) {
    if (code === 'ENOENT')
      return ['is not there: no such socket', 'systemctl start containerd   # or crio; or name the right socket with --cri-socket']
    if (code === 'EACCES') return ['may not be used: permission denied', 'run the command as root (sudo)']
    if (code === 'ECONNREFUSED')
      return [
        `does not answer: ${details.startsWith('connect ') ? 'nobody listens on its socket' : details}`,
        'systemctl restart containerd; journalctl -u containerd -n 50',
      ]
    return [`does not answer: ${details}`, 'systemctl status containerd; journalctl -u containerd -n 50']
  }
  if (status === grpcStatus.DEADLINE_EXCEEDED)
    return [`did not answer within ${timeout / 1000} s`, 'systemctl status containerd; journalctl -u containerd -n 50']
  if (offersNoCri(cause))
    return [
      'does not offer CRI v1',
      'take "cri" out of disabled_plugins in /etc/containerd/config.toml and restart containerd (1.7 or newer)',
    ]
  return [`refused: ${details}`, `crictl --runtime-endpoint ${endpoint} info`]
}

/** UNIMPLEMENTED as well, though not of the one call. */
function offersNoCri(cause: unknown): boolean {
  return statusOf(cause) === grpcStatus.UNIMPLEMENTED && messageOf(cause).includes('unknown service')
}

function statusOf(error: unknown): number | undefined {
  return error instanceof GrpcError ? error.status : undefined
}
