/** Streams through an SSH connection, to addresses as its far end sees them. */
import type { Duplex } from 'node:stream'
import type { Client, ClientChannel } from 'ssh2'
import { systemCode } from '../file-error.ts'

/** Rejects with an Error whose `code` is what the system would say: ECONNREFUSED, EHOSTUNREACH, ETIMEDOUT, EPERM where sshd forbids it. */
export function forwardTcp(client: Client, host: string, port: number): Promise<Duplex> {
  return channel((done) => client.forwardOut('127.0.0.1', 0, host, port, done))
}

/** Of a socket that is not there, has nobody behind it, or may not be forwarded, sshd only says that it failed: ECONNREFUSED. */
export async function forwardUnix(client: Client, path: string): Promise<Duplex> {
  try {
    return await channel((done) => client.openssh_forwardOutStreamLocal(path, done))
  } catch (error) {
    if (systemCode(error) === 'ECONNREFUSED') throw Object.assign(new Error(unixRefused, { cause: error }), { code: 'ECONNREFUSED' })
    throw error
  }
}

export const lookAtForwarding = 'sshd -T | grep -i forwarding'

const unixRefused = `nobody listens on its socket, or sshd forbids to forward it (${lookAtForwarding})`

/** The stream, or the signal's reason; one that opens after that is ended. */
export async function openedInTime(opening: Promise<Duplex>, signal: AbortSignal | undefined): Promise<Duplex> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal?.reason)
  if (signal?.aborted === true) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([opening, aborted])
  } catch (error) {
    void opening.then(
      (stream) => stream.destroy(),
      () => undefined,
    )
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

function channel(open: (done: (error: Error | undefined, stream: ClientChannel) => void) => void): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    try {
      open((error, stream) => (error === undefined || error === null ? resolve(stream) : reject(failure(error))))
    } catch (error) {
      reject(error instanceof Error ? Object.assign(error, { code: 'ECONNRESET' }) : error)
    }
  })
}

function failure(error: Error & { readonly reason?: unknown }): Error {
  // SSH_OPEN_ADMINISTRATIVELY_PROHIBITED (RFC 4254, 5.1); the text of OpenSSH is no more than "open failed".
  return error.reason === 1
    ? Object.assign(new Error(`sshd forbids to forward connections (${lookAtForwarding})`, { cause: error }), { code: 'EPERM' })
    : Object.assign(error, { code: codeOf(error.message) })
}

function codeOf(message: string): string {
  if (/timed out/i.test(message)) return 'ETIMEDOUT'
  if (/unreachable|no route/i.test(message)) return 'EHOSTUNREACH'
  if (/name or service|resolve/i.test(message)) return 'ENOTFOUND'
  return 'ECONNREFUSED'
}
