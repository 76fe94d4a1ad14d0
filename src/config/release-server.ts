/** What Kubernetes' release server says that labels such as `stable-1.37` or `ci/latest` stand for, as a host sees it. */
import type { Host } from '../host/host.ts'
import { httpGet, UnverifiedServer } from '../host/http-get.ts'
import { throughProxy } from '../host/through-proxy.ts'
import { trustedAuthorities } from '../host/trusted-authorities.ts'
import { httpsProxyFor } from './proxy-from-environment.ts'

/**
 * Gives the version behind a label, or rejects, within 10 s. Who did not answer once is not asked for another label: a host without the
 * internet waits once.
 */
export function releaseServer(
  host: Pick<Host, 'dial' | 'facts' | 'list' | 'readText' | 'stat'>,
  options: { readonly signal?: AbortSignal } = {},
): (label: string) => Promise<string> {
  let unreachable: unknown
  return async (label) => {
    if (unreachable !== undefined) throw unreachable
    const ca = await trustedAuthorities(host)
    if (ca === undefined) throw new Error('this host trusts no certificate authority')
    const limit = AbortSignal.timeout(patience)
    const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit])
    const url = urlOf(label)
    try {
      return await get(host, { url, ca, signal })
    } catch (error) {
      options.signal?.throwIfAborted()
      unreachable = limit.aborted ? new Error(`${url} did not answer within ${patience / 1000} s`) : reasonOf(error)
      throw unreachable
    }
  }
}

// As kubeadm (cmd/kubeadm/app/util/version.go), which asks these two.
const patience = 10_000

function urlOf(label: string): string {
  return label.startsWith('ci/') ? `https://storage.googleapis.com/k8s-release-dev/${label}.txt` : `https://dl.k8s.io/release/${label}.txt`
}

/** Node's own words for it would have its users start Node in another way. */
function reasonOf(error: unknown): unknown {
  return error instanceof UnverifiedServer ? new Error(`the certificate of the release server is not to be trusted (${error.code})`) : error
}

interface Question {
  readonly url: string
  readonly ca: string
  readonly signal: AbortSignal
}

/** The release server sends everyone on to where its files lie. */
async function get(host: Pick<Host, 'dial' | 'facts'>, { url, ca, signal }: Question, redirects = 10): Promise<string> {
  const proxy = httpsProxyFor(new URL(url).hostname, 443, (await host.facts()).environment)
  const { status, body, location } = await httpGet(proxy === undefined ? host : throughProxy(host, proxy), url, { ca, signal })
  if (status === 200) return body.trim()
  if (location === undefined || status < 300 || status >= 400) throw new Error(`${url} answered with HTTP ${status}`)
  const next = new URL(location, url)
  if (next.protocol !== 'https:') throw new Error(`${url} sends on to ${next.href}, which is not https`)
  if (redirects === 0) throw new Error(`${url} sends on too often`)
  return get(host, { url: next.href, ca, signal }, redirects - 1)
}
