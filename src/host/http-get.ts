/** HTTP and HTTPS GET as a host sees it, over `host.dial`. */
import type { Duplex } from 'node:stream'
import { checkServerIdentity, connect } from 'node:tls'
import type { Address, Host } from './host.ts'
import { urlHost } from './url-host.ts'

export interface HttpGetOptions {
  /** PEM of the CAs that may have signed the server's certificate. */
  readonly ca?: string | Buffer
  /** PEM of a client's certificate and its key. */
  readonly cert?: string
  readonly key?: string
  /** `false`: do not look at the server's certificate at all. Default true: with `ca`, or else with the CAs that Node brings. */
  readonly verify?: boolean
  /** The name that the certificate must have, when it is not the host of the URL. */
  readonly serverName?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export interface HttpResponse {
  readonly status: number
  readonly body: string
  /** Where a redirect leads, as the server says it. */
  readonly location?: string
}

/** The server's certificate does not prove that it is the one that was meant: asking again does not help. Nothing was sent to it. */
export class UnverifiedServer extends Error {
  /** Of Node: `SELF_SIGNED_CERT_IN_CHAIN`, `ERR_TLS_CERT_ALTNAME_INVALID`, `CERT_HAS_EXPIRED`. */
  readonly code: string

  constructor(cause: Error) {
    super(cause.message, { cause })
    this.code = 'code' in cause ? String(cause.code) : ''
  }
}

/**
 * One GET on a connection of its own; redirects are not followed. Rejects with UnverifiedServer, the system's error, the signal's
 * reason, or RangeError above 8 MiB.
 */
export async function httpGet(host: Pick<Host, 'dial'>, url: string, options: HttpGetOptions = {}): Promise<HttpResponse> {
  const { signal, headers = {} } = options
  const target = new URL(url)
  const plain = await host.dial(addressOf(target), signal && { signal })
  const onAbort = (): unknown => plain.destroy(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const stream = target.protocol === 'https:' ? await secured(plain, target, options) : plain
    return await exchange(stream, target, headers)
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
    plain.destroy()
  }
}

// Ten times the largest answer that kadm asks for.
const maximumBody = 8 * 1024 * 1024

function secured(plain: Duplex, target: URL, { ca, cert, key, verify = true, serverName }: HttpGetOptions): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const host = serverName ?? urlHost(target)
    // Server names are for names only (RFC 6066); an address is still compared with the certificate, by `host`.
    const servername = /^[\d.]+$|:/.test(host) ? '' : host
    const stream = connect({
      socket: plain,
      host,
      servername,
      rejectUnauthorized: verify,
      // Node would look at the subject's common name where there are no names; clients of Kubernetes do not.
      checkServerIdentity: (name, certificate) =>
        certificate.subjectaltname === undefined ? new Error('the certificate is for no host') : checkServerIdentity(name, certificate),
      // As Go does: whatever the file holds is trusted, a company's intermediate CA too.
      ...(ca === undefined ? {} : { ca, allowPartialTrustChain: true }),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
    })
    plain.once('error', reject).once('close', () => reject(new Error('the connection was closed')))
    stream
      .once('secureConnect', () => resolve(stream))
      .once('error', (error: Error) => {
        // Node sets it, in spite of the type, only when the certificate was looked at and found wanting.
        const looked: unknown = stream.authorizationError
        reject(looked ? new UnverifiedServer(error) : error)
      })
  })
}

function exchange(stream: Duplex, target: URL, headers: Readonly<Record<string, string>>): Promise<HttpResponse> {
  // Not by `import`, which would read every name that it exports, among them WebSocket: 10 to 40 ms of a program's start for Node's undici.
  const { request } = process.getBuiltinModule('node:http')
  return new Promise((resolve, reject) => {
    const call = request({
      createConnection: () => stream,
      headers: { host: target.host, connection: 'close', ...headers },
      path: target.pathname + target.search,
    })
    call.once('error', reject)
    call.once('response', (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size > maximumBody)
          call.destroy(new RangeError(`the answer of ${target.origin}${target.pathname} is larger than ${maximumBody >> 20} MiB`))
      })
      response.once('error', reject)
      response.once('end', () => {
        const { location } = response.headers
        const body = Buffer.concat(chunks).toString('utf8')
        resolve({ status: response.statusCode ?? 0, body, ...(location !== undefined && { location }) })
      })
    })
    call.end()
  })
}

/** Where the server of a URL of HTTP or HTTPS is dialled. */
export function addressOf(target: URL): Address & { readonly kind: 'tcp' } {
  const port = target.port === '' ? (target.protocol === 'https:' ? 443 : 80) : Number(target.port)
  return { kind: 'tcp', host: urlHost(target), port }
}

/** The header's value for the user and the password in a URL; `undefined` when there are none. */
export function basicAuthorization({ username, password }: URL): string | undefined {
  if (username === '') return undefined
  return `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`
}
