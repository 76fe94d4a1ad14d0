/** kadm's own checks of the cluster that a node is to join, before the node is touched: can it be reached, and do the clocks agree? */
import type { X509Certificate } from 'node:crypto'
import { hostAndPort } from '../config/server-url.ts'
import { clusterOf, httpsServer, parseKubeconfig } from '../discovery/kubeconfig-cluster.ts'
import { messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { instant } from '../host/instant.ts'
import { serverCertificate } from '../host/server-certificate.ts'
import { failed, passed, warned, type Check } from './check.ts'
import { urlHost } from '../host/url-host.ts'

export interface Endpoint {
  /** Without the brackets of an IPv6 address. */
  readonly name: string
  readonly port: number
}

/**
 * Both look at one connection, which trusts nobody and sends nothing. An endpoint that cannot be told (`undefined`) is not looked at: what
 * it was to be read from is refused by discovery, in better words.
 */
export function endpointChecks(host: Pick<Host, 'dial' | 'now'>, endpoint: () => Promise<Endpoint | undefined>): readonly Check[] {
  let shown: Promise<Shown | undefined> | undefined
  const look: Look = () => (shown ??= endpoint().then((known) => known && showCertificate(host, known)))
  return [endpointReachable(look), clockWithinCertificate(look, host)]
}

/** `host:port`, `[v6]:port`; `undefined` when it is neither. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d+)$/.exec(text) ?? []
  const name = bracketed ?? plain
  return name === undefined ? undefined : { name, port: Number(port) }
}

/** The endpoint of a discovery file on the host; `undefined` where the file says none that can be used. */
export async function endpointOfFile(host: Pick<Host, 'readText'>, path: string): Promise<Endpoint | undefined> {
  try {
    const { cluster } = clusterOf(parseKubeconfig((await host.readText(path)) ?? ''))
    const url = new URL(httpsServer(cluster))
    return { name: urlHost(url), port: url.port === '' ? 443 : Number(url.port) }
  } catch {
    return undefined
  }
}

type Look = () => Promise<Shown | undefined>

/** `address` for people. */
type Shown = { readonly address: string } & (
  | { readonly kind: 'certificate'; readonly certificate: X509Certificate }
  | { readonly kind: 'failed'; readonly code: string; readonly text: string }
)

async function showCertificate(host: Pick<Host, 'dial'>, endpoint: Endpoint): Promise<Shown> {
  const address = hostAndPort(endpoint.name, endpoint.port)
  try {
    return { address, kind: 'certificate', certificate: await serverCertificate(host, endpoint, AbortSignal.timeout(timeout)) }
  } catch (error) {
    return { address, kind: 'failed', code: error instanceof Error && 'code' in error ? String(error.code) : '', text: messageOf(error) }
  }
}

/** Milliseconds. Further away is no control plane that a node could work with. */
const timeout = 3000

/** What passes by itself, such as a control plane that is not up yet, is only a warning: discovery asks again until its own time is up. */
function endpointReachable(look: Look): Check {
  return {
    name: 'EndpointReachable',
    requires: 'an API server that answers at the endpoint to join (a warning where it may still come up)',
    run: async () => {
      const shown = await look()
      if (shown === undefined || shown.kind === 'certificate') return passed
      const { address } = shown
      if (/^(ENOTFOUND|ENETUNREACH|EADDRNOTAVAIL|EINVAL)$/.test(shown.code)) {
        return failed(
          `${address} cannot be reached from this host: ${shown.text}: look at the endpoint's name, and at the routes of this host`,
        )
      }
      if (shown.code.startsWith('ERR_SSL'))
        return failed(`${address} is no API server: it does not speak TLS (${shown.text}): look at the port`)
      return warned(`${address} does not answer yet: ${shown.text}: kadm asks again until the time for discovery is over`)
    },
  }
}

function clockWithinCertificate(look: Look, host: Pick<Host, 'now'>): Check {
  return {
    name: 'ClockWithinCertificate',
    requires: "this host's time within the period of the API server's certificate",
    run: async () => {
      const shown = await look()
      if (shown === undefined || shown.kind === 'failed') return passed
      const { address, certificate } = shown
      const { validFromDate, validToDate } = certificate
      const now = host.now()
      if (now < validFromDate) {
        return failed(
          `it is ${instant(now)} on this host, and the certificate of ${address} begins at ${instant(validFromDate)}: set the clock (timedatectl set-ntp true)`,
        )
      }
      if (now > validToDate) {
        return failed(
          `it is ${instant(now)} on this host, and the certificate of ${address} has ended at ${instant(validToDate)}: set the clock if it is wrong, else renew the certificate there (kadm certs renew apiserver)`,
        )
      }
      return passed
    },
  }
}
