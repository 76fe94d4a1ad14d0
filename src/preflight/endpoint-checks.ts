/** kadm's own checks of the cluster that a node is to join, before the node is touched: can it be reached, and do the clocks agree? */
import type { X509Certificate } from 'node:crypto'
import { messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { serverCertificate } from '../host/server-certificate.ts'
import { failed, passed, warned, type Check } from './check.ts'

export interface Endpoint {
  /** Without the brackets of an IPv6 address. */
  readonly name: string
  readonly port: number
}

/** Both look at one connection, which trusts nobody and sends nothing. */
export function endpointChecks(host: Pick<Host, 'dial' | 'now'>, endpoint: Endpoint): readonly Check[] {
  let shown: Promise<Shown> | undefined
  const look = (): Promise<Shown> => (shown ??= showCertificate(host, endpoint))
  const address = endpoint.name.includes(':') ? `[${endpoint.name}]:${endpoint.port}` : `${endpoint.name}:${endpoint.port}`
  return [endpointReachable(look, address), clockWithinCertificate(look, address, host)]
}

/** `host:port`, `[v6]:port`; `undefined` when it is neither. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d+)$/.exec(text) ?? []
  const name = bracketed ?? plain
  return name === undefined ? undefined : { name, port: Number(port) }
}

type Shown =
  | { readonly kind: 'certificate'; readonly certificate: X509Certificate }
  | { readonly kind: 'failed'; readonly code: string; readonly text: string }

async function showCertificate(host: Pick<Host, 'dial'>, endpoint: Endpoint): Promise<Shown> {
  try {
    return { kind: 'certificate', certificate: await serverCertificate(host, endpoint, AbortSignal.timeout(timeout)) }
  } catch (error) {
    return { kind: 'failed', code: error instanceof Error && 'code' in error ? String(error.code) : '', text: messageOf(error) }
  }
}

/** Milliseconds. Further away is no control plane that a node could work with. */
const timeout = 3000

/** What passes by itself, such as a control plane that is not up yet, is only a warning: discovery asks again until its own time is up. */
function endpointReachable(look: () => Promise<Shown>, address: string): Check {
  return {
    name: 'EndpointReachable',
    requires: 'an API server that answers at the endpoint to join (a warning where it may still come up)',
    run: async () => {
      const shown = await look()
      if (shown.kind === 'certificate') return passed
      if (/^(ENOTFOUND|ENETUNREACH|EADDRNOTAVAIL|EINVAL)$/.test(shown.code)) {
        return failed(`${address} cannot be reached from this host: ${shown.text}: look at the endpoint's name, and at the routes of this host`)
      }
      if (shown.code.startsWith('ERR_SSL')) return failed(`${address} is no API server: it does not speak TLS (${shown.text}): look at the port`)
      return warned(`${address} does not answer yet: ${shown.text}: kadm asks again until the time for discovery is over`)
    },
  }
}

function clockWithinCertificate(look: () => Promise<Shown>, address: string, host: Pick<Host, 'now'>): Check {
  return {
    name: 'ClockWithinCertificate',
    requires: "this host's time within the period of the API server's certificate",
    run: async () => {
      const shown = await look()
      if (shown.kind === 'failed') return passed
      const { validFromDate, validToDate } = shown.certificate
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

function instant(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z')
}
