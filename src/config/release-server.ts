/** What Kubernetes' release server says that labels such as `stable-1.37` or `ci/latest` stand for, as a host sees it. */
import type { Host } from '../host/host.ts'
import { httpGet, UnverifiedServer, type HttpResponse } from '../host/http-get.ts'
import { throughProxy } from '../host/through-proxy.ts'
import { trustedAuthorities } from '../host/trusted-authorities.ts'
import { httpsProxyFor } from './proxy-from-environment.ts'

/**
 * Gives the version behind a label, or rejects, within 10 s. Once nobody has answered, nobody is asked for another label: a host without the
 * internet waits once.
 */
export function releaseServer(
  host: Pick<Host, 'dial' | 'facts' | 'list' | 'readText' | 'stat'>,
  options: { readonly signal?: AbortSignal } = {},
): (label: string) => Promise<string> {
  let unreachable: unknown
  return async (label) => {
    const ca = await trustedAuthorities(host)
    if (ca === undefined) throw new Error('this host trusts no certificate authority')
    const limit = AbortSignal.timeout(serverPatience)
    const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit])
    const ask = async (url: string): Promise<HttpResponse> => {
      if (unreachable !== undefined) throw unreachable
      const proxy = httpsProxyFor(new URL(url).hostname, 443, (await host.facts()).environment)
      try {
        return await httpGet(proxy === undefined ? host : throughProxy(host, proxy), url, { ca, signal })
      } catch (error) {
        options.signal?.throwIfAborted()
        unreachable = limit.aborted ? new Error(`${url} did not answer within ${serverPatience / 1000} s`) : reasonOf(error)
        throw unreachable
      }
    }
    return follow(urlOf(label), ask)
  }
}

// Milliseconds: as kubeadm (cmd/kubeadm/app/util/version.go), which asks these two.
const serverPatience = 10_000

function urlOf(label: string): string {
  return label.startsWith('ci/') ? `https://storage.googleapis.com/k8s-release-dev/${label}.txt` : `https://dl.k8s.io/release/${label}.txt`
}

/** Node's own words for it would have its users start Node in another way. */
function reasonOf(error: unknown): unknown {
  return error instanceof UnverifiedServer ? new Error(`the certificate of the release server is not to be trusted (${error.code})`) : error
}

/** The release server sends everyone on to where its files lie. */
async function follow(url: string, ask: (url: string) => Promise<HttpResponse>, redirects = 10): Promise<string> {
  const { status, body, location } = await ask(url)
  if (status === 200) return body.trim()
  if (location === undefined || status < 300 || status >= 400) throw new Error(`${url} answered with HTTP ${status}`)
  const next = new URL(location, url)
  if (next.protocol !== 'https:') throw new Error(`${url} sends on to ${next.href}, which is not https`)
  if (redirects === 0) throw new Error(`${url} sends on too often`)
  return follow(next.href, ask, redirects - 1)
}
