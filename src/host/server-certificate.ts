/** The certificate that a server shows, before anybody trusts it. */
import type { X509Certificate } from 'node:crypto'
import { connect } from 'node:tls'
import type { Host } from './host.ts'

/**
 * Makes a TLS connection, verifies nothing and sends nothing. Rejects with the system's error when nobody listens, with OpenSSL's when it
 * is no TLS server, or the signal's reason.
 */
export async function serverCertificate(
  host: Pick<Host, 'dial'>,
  { name, port }: { readonly name: string; readonly port: number },
  signal: AbortSignal,
): Promise<X509Certificate> {
  const plain = await host.dial({ kind: 'tcp', host: name, port }, { signal })
  const onAbort = (): unknown => plain.destroy(new Error('no answer in time'))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await new Promise((resolve, reject) => {
      const isAddress = /^[\d.]+$|:/.test(name)
      const stream = connect({ socket: plain, servername: isAddress ? '' : name, rejectUnauthorized: false })
      plain.once('error', reject).once('close', () => reject(new Error('the connection was closed')))
      stream.once('error', reject).once('secureConnect', () => {
        const certificate = stream.getPeerX509Certificate()
        if (certificate === undefined) reject(new Error('it shows no certificate'))
        else resolve(certificate)
        stream.destroy()
      })
    })
  } finally {
    signal.removeEventListener('abort', onAbort)
    plain.destroy()
  }
}
