/** Streams from this machine to an address. */
import { connect, type Socket } from 'node:net'
import type { Address } from './host.ts'

/** Connected, or rejected with the system's error (ECONNREFUSED, ENOENT) or the signal's reason. The caller ends the stream. */
export function dialLocally(address: Address, options: { readonly signal?: AbortSignal } = {}): Promise<Socket> {
  const { signal } = options
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason)
    const socket = address.kind === 'unix' ? connect(address.path) : connect({ port: address.port, host: address.host, noDelay: true })
    const settle = (act: () => void): void => {
      signal?.removeEventListener('abort', onAbort)
      socket.removeAllListeners()
      act()
    }
    const onAbort = (): void =>
      settle(() => {
        socket.on('error', () => undefined)
        socket.destroy()
        reject(signal?.reason)
      })
    signal?.addEventListener('abort', onAbort, { once: true })
    socket.once('connect', () => settle(() => resolve(socket)))
    return socket.once('error', (error) => settle(() => reject(error)))
  })
}
