/** The text of a discovery file: from the host's disk, or from a web server that the host's own authorities vouch for. */
import { KadmError, messageOf } from '../errors.ts'
import { basicAuthorization, httpGet, UnverifiedServer, type HttpResponse } from '../host/http-get.ts'
import { trustedAuthorities } from '../host/trusted-authorities.ts'
import type { DiscoveryOptions } from './discovered-cluster.ts'
import { unverifiedServer } from './unverified-server.ts'

export function isUrl(path: string): boolean {
  return /^https:\/\//i.test(path)
}

/** How the file is shown: a URL without what may be secret in it, a user's password or a signed query. */
export function nameOfFile(path: string): string {
  return isUrl(path) && URL.canParse(path) ? new URL(path).origin + new URL(path).pathname : path
}

/** Throws KUBECONFIG_INVALID when there is no such file, DISCOVERY_FAILED or DISCOVERY_UNTRUSTED when the web server does not give it. */
export async function discoveryFileText(path: string, options: DiscoveryOptions): Promise<string> {
  if (isUrl(path)) return fetchText(path, options)
  const text = await options.host.readText(path)
  if (text !== undefined) return text
  throw new KadmError('KUBECONFIG_INVALID', `discovery.file.kubeConfigPath is "${path}": there is no such file on this host`, {
    remedy: [
      `kubectl -n kube-public get configmap cluster-info -o jsonpath='{.data.kubeconfig}' >"${path}"   # on a control plane, then copy it here`,
    ],
  })
}

// What a file of some kB may take; nothing here is only about to start, so it is asked for once.
const longestFetch = 30_000

async function fetchText(url: string, { host, timeout, signal }: DiscoveryOptions): Promise<string> {
  const ca = await trustedAuthorities(host)
  if (ca === undefined) throw failed(url, 'this host trusts no certificate authority', ['install the package ca-certificates'])
  const limit = AbortSignal.timeout(Math.min(timeout, longestFetch))
  const authorization = basicAuthorization(new URL(url))
  let response: HttpResponse
  try {
    response = await httpGet(host, url, {
      ca,
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      ...(authorization !== undefined && { headers: { authorization } }),
    })
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof UnverifiedServer) throw unverifiedServer(nameOfFile(url), error)
    throw failed(url, limit.aborted ? 'it did not come in time' : messageOf(error), [`curl -fsS -o /dev/null "${nameOfFile(url)}"`], error)
  }
  if (response.status === 200) return response.body
  const redirect = response.status >= 300 && response.status < 400 ? ', and redirects are not followed' : ''
  throw failed(url, `the server answered with HTTP ${response.status}${redirect}`, [`curl -fsS -o /dev/null "${nameOfFile(url)}"`])
}

function failed(url: string, why: string, remedy: readonly [string, ...string[]], cause?: unknown): KadmError {
  return new KadmError('DISCOVERY_FAILED', `the discovery file "${nameOfFile(url)}" could not be read: ${why}`, { remedy, cause })
}
