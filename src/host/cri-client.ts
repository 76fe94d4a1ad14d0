/** Calls of CRI v1 over gRPC on a unix socket. */
import type { Client, ServiceError } from '@grpc/grpc-js'
import { lstat } from 'node:fs/promises'
import { KadmError, messageOf } from '../errors.ts'
import { systemCode } from './file-error.ts'
import { decodeMessage, encodeMessage, type Message, type WireValue } from './protobuf.ts'

export interface CriClient {
  /**
   * `timeout` in milliseconds. Throws CONTAINER_RUNTIME_FAILED with the likely cause; its `cause` is CriRefusal when the runtime
   * itself answered so.
   */
  call(method: CriMethod, fields: readonly (readonly [number, WireValue])[], options: CriCallOptions): Promise<Message>
  /** A stream of messages; `onMessage` for each, `onEnd` once, also when it fails. Resolves to what ends it. */
  stream(method: CriMethod, handlers: { readonly onMessage: () => void; readonly onEnd: () => void }): Promise<() => void>
  close(): void
}

export type CriMethod = `runtime.v1.${'RuntimeService' | 'ImageService'}/${string}`

export interface CriCallOptions {
  readonly timeout: number
  readonly signal?: AbortSignal
}

/** Is this the runtime's answer "no such call" or "no such thing"? */
export function isRefusal(error: unknown, status: 'UNIMPLEMENTED' | 'NOT_FOUND'): boolean {
  return error instanceof KadmError && statusOf(error.cause) === grpcStatus[status]
}

/** Connects at the first call, and again by itself. */
export function criClient(endpoint: string): CriClient {
  let connecting: Promise<Client> | undefined
  const connected = (): Promise<Client> => (connecting ??= connect(endpoint))
  return {
    call: async (method, fields, { timeout, signal }) => {
      signal?.throwIfAborted()
      const client = await connected()
      try {
        return await unary(client, method, encodeMessage(fields), { timeout, ...(signal && { signal }) })
      } catch (error) {
        signal?.throwIfAborted()
        throw await criError(endpoint, method, timeout, error)
      }
    },
    stream: async (method, { onMessage, onEnd }) => {
      const client = await connected()
      const call = client.makeServerStreamRequest(`/${method}`, asIs, decodeMessage, Buffer.alloc(0))
      call.on('data', onMessage).on('error', onEnd).on('end', onEnd)
      return () => call.cancel()
    },
    close: () => {
      void connecting?.then(
        (client) => client.close(),
        () => undefined,
      )
      connecting = undefined
    },
  }
}

const grpcStatus = { DEADLINE_EXCEEDED: 4, NOT_FOUND: 5, PERMISSION_DENIED: 7, UNIMPLEMENTED: 12, UNAVAILABLE: 14 } as const

async function connect(endpoint: string): Promise<Client> {
  const path = socketPath(endpoint)
  if (path === undefined)
    throw new KadmError('CONTAINER_RUNTIME_FAILED', `"${endpoint}" is not the address of a unix socket`, {
      remedy: ['give it as unix:///run/containerd/containerd.sock (nodeRegistration.criSocket or --cri-socket)'],
    })
  const { Client, credentials } = await import('@grpc/grpc-js')
  return new Client(`unix://${path}`, credentials.createInsecure(), {
    'grpc.default_authority': 'localhost', // containerd refuses a socket path as :authority
    'grpc.max_receive_message_length': -1,
    // gRPC waits 1 s and then up to 120 s between attempts; a runtime that restarts is back much sooner.
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 250,
  })
}

function socketPath(endpoint: string): string | undefined {
  const path = endpoint.startsWith('unix:') ? endpoint.replace(/^unix:(?:\/\/)?/, '') : endpoint
  return path.startsWith('/') ? path : undefined
}

function unary(client: Client, method: string, request: Buffer, { timeout, signal }: CriCallOptions): Promise<Message> {
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(
      `/${method}`,
      asIs,
      decodeMessage,
      request,
      { deadline: Date.now() + timeout },
      (error, answer) => {
        signal?.removeEventListener('abort', onAbort)
        if (answer === undefined || error !== null) reject(error ?? new Error('an empty answer'))
        else resolve(answer)
      },
    )
    const onAbort = (): void => call.cancel()
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

function asIs(bytes: Buffer): Buffer {
  return bytes
}

async function criError(endpoint: string, method: string, timeout: number, cause: unknown): Promise<KadmError> {
  const [text, remedy] = await likelyCause(endpoint, timeout, cause)
  return new KadmError('CONTAINER_RUNTIME_FAILED', `the container runtime at "${endpoint}" ${text} (${method.split('/')[1]})`, {
    remedy: [remedy],
    cause,
  })
}

async function likelyCause(endpoint: string, timeout: number, cause: unknown): Promise<readonly [string, string]> {
  const path = socketPath(endpoint) ?? endpoint
  const status = statusOf(cause)
  const details = isServiceError(cause) ? cause.details : messageOf(cause)
  if (status === grpcStatus.UNAVAILABLE) {
    const missing = await lstat(path).then(
      () => false,
      (error: unknown) => systemCode(error) === 'ENOENT',
    )
    if (missing)
      return ['is not there: no such socket', 'systemctl start containerd (or cri-o), or name the right socket with --cri-socket']
    if (details.includes('EACCES')) return ['may not be used: permission denied', 'run the command as root (sudo)']
    if (details.includes('ECONNREFUSED'))
      return ['does not answer: nobody listens on its socket', 'systemctl restart containerd; journalctl -u containerd -n 50']
    return [`does not answer: ${details}`, 'systemctl status containerd; journalctl -u containerd -n 50']
  }
  if (status === grpcStatus.DEADLINE_EXCEEDED)
    return [`did not answer within ${timeout / 1000} s`, 'systemctl status containerd; journalctl -u containerd -n 50']
  if (status === grpcStatus.UNIMPLEMENTED && details.includes('unknown service'))
    return [
      'does not offer CRI v1',
      'take "cri" out of disabled_plugins in /etc/containerd/config.toml and restart containerd (1.7 or newer)',
    ]
  return [`refused: ${details}`, `crictl --runtime-endpoint ${endpoint} info`]
}

function statusOf(error: unknown): number | undefined {
  return isServiceError(error) ? error.code : undefined
}

function isServiceError(error: unknown): error is ServiceError {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error && typeof error.details === 'string'
  )
}
