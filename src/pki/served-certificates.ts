/** What ports show to whoever connects: a certificate may be renewed in its file and still be an old one on the wire. */
import type { X509Certificate } from 'node:crypto'
import { atMost } from '../cluster/at-most.ts'
import { hostAndPort } from '../config/server-url.ts'
import { messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { serverCertificate } from '../host/server-certificate.ts'
import { nodeNameOfKubelet } from './kubelet-node-name.ts'
import { isLoopback, type TlsPort } from './tls-ports.ts'

export type ServedCertificate = {
  readonly node: string
  readonly name: string
  /** `host:port` */
  readonly address: string
} & ({ readonly kind: 'seen'; readonly certificate: X509Certificate } | { readonly kind: 'unseen'; readonly why: string })

/**
 * Looks at each port, 16 at a time and 3 s each; nobody is verified and nothing is sent. A port on loopback is looked at on this host only,
 * and not at all where the same is served at another address too.
 */
export async function servedCertificates(
  ports: readonly TlsPort[],
  { host, signal }: { readonly host: Pick<Host, 'readText' | 'dial'>; readonly signal: AbortSignal },
): Promise<readonly ServedCertificate[]> {
  const here = (await nodeNameOfKubelet(host)) ?? 'this host'
  const inTurn = atMost(16)
  const isElsewhereToo = ({ node, name }: TlsPort): boolean =>
    ports.some((other) => other.node === node && other.name === name && !isLoopback(other.address))
  const look = async ({ node, name, address, port }: TlsPort): Promise<ServedCertificate> => {
    const row = { node, name, address: hostAndPort(address, port) }
    if (isLoopback(address) && node !== here) return { ...row, kind: 'unseen', why: 'on loopback: only that node can look' }
    const limit = AbortSignal.any([signal, AbortSignal.timeout(3000)])
    try {
      return { ...row, kind: 'seen', certificate: await serverCertificate(host, { name: address, port }, limit) }
    } catch (error) {
      signal.throwIfAborted()
      return { ...row, kind: 'unseen', why: limit.aborted ? 'no answer within 3 s' : messageOf(error) }
    }
  }
  return Promise.all(ports.filter((port) => !isLoopback(port.address) || !isElsewhereToo(port)).map((port) => inTurn(() => look(port))))
}
