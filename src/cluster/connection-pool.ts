/** The connections to one API server: kept alive, shared by all calls, the server's certificate always verified. */
import { Agent } from 'node:https'
import { isIP } from 'node:net'
import { PassThrough, type Duplex } from 'node:stream'
import { checkServerIdentity, connect, type ConnectionOptions } from 'node:tls'

export interface PoolOptions {
  /** PEM, one certificate or more. Without it the system's authorities are trusted, as a kubeconfig without one means. */
  readonly ca?: string | Buffer | undefined
  /** PEM. */
  readonly clientCertificate?: string | Buffer | undefined
  /** PEM. */
  readonly clientKey?: string | Buffer | undefined
  /** The name that the server's certificate must have, when it is not the host of the URL (`tls-server-name`). */
  readonly serverName?: string | undefined
  /** Gives the stream below TLS, e.g. `host.dial`; default: a TCP connection from here. */
  readonly dial?: ((address: { readonly kind: 'tcp'; readonly host: string; readonly port: number }) => Promise<Duplex>) | undefined
}

export interface Endpoint {
  /** Without the brackets of an IPv6 address. */
  readonly host: string
  readonly port: number
}

/** Connects at the first call; an idle connection is taken before a new one is made. `destroy()` ends it. */
export function connectionPool({ host, port }: Endpoint, { ca, clientCertificate, clientKey, serverName, dial }: PoolOptions): Agent {
  const tls: ConnectionOptions = {
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
    rejectUnauthorized: true,
    // As Go does: whatever the file holds is trusted, a company's intermediate CA too.
    ...(ca && { ca, allowPartialTrustChain: true }),
    ...(clientCertificate && { cert: clientCertificate }),
    ...(clientKey && { key: clientKey }),
    // SNI carries no addresses (RFC 6066): an address given as the name is only checked.
    ...(serverName && !isIP(serverName) && { servername: serverName }),
    ...(serverName && { checkServerIdentity: (_, certificate) => checkServerIdentity(serverName, certificate) }),
  }
  const agent = new Agent({ ...tls, keepAlive: true })
  if (!dial) return agent
  agent.createConnection = ({ servername = '' }, callback) => {
    dial({ kind: 'tcp', host, port }).then(
      (socket) => callback?.(null, connect({ ...tls, host, servername, socket, ALPNProtocols: ['http/1.1'] })),
      // The stream is not looked at beside an error; the type wants one.
      (error: unknown) => callback?.(error instanceof Error ? error : new Error(String(error)), new PassThrough()),
    )
    return undefined
  }
  return agent
}
