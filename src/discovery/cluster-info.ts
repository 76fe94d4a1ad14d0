/** The ConfigMap kube-public/cluster-info, by which a cluster tells whoever asks how to reach it and how to know it. */
import { KadmError } from '../errors.ts'
import { httpGet, UnverifiedServer, type HttpGetOptions, type HttpResponse } from '../host/http-get.ts'
import { waitUntil, type Look } from '../host/wait.ts'
import { isObject, parseJson } from '../json.ts'
import type { DiscoveryOptions } from './discovered-cluster.ts'
import { unverifiedServer } from './unverified-server.ts'

/** `kubeconfig` and one `jws-kubeconfig-<id>` for each token. */
export type ClusterInfo = Readonly<Record<string, string>>

/** `forbidden`: the API server answered, and says that this user may not read it. */
export type ClusterInfoAnswer = { readonly kind: 'read'; readonly data: ClusterInfo } | { readonly kind: 'forbidden' }

/** `refused` is final; `not-yet` is asked again. */
export type Judgement<T> = Look<T> | { readonly kind: 'refused'; readonly error: KadmError }

export interface ClusterInfoQuestion<T> {
  /** `https://host:port` */
  readonly server: string
  readonly tls: Pick<HttpGetOptions, 'verify' | 'ca' | 'cert' | 'key' | 'serverName' | 'headers'>
  readonly judge: (answer: ClusterInfoAnswer) => Judgement<T> | Promise<Judgement<T>>
  /** What to do when the time is up. */
  readonly remedy: readonly [string, ...string[]]
}

/**
 * Asks until the answer is accepted or refused. While the server does not answer, or not as hoped, it is asked again: the API server may
 * still be starting. A certificate that does not fit is final (DISCOVERY_UNTRUSTED), and so is a redirect.
 */
export async function waitForClusterInfo<T>(question: ClusterInfoQuestion<T>, options: DiscoveryOptions): Promise<T> {
  const { timeout, signal, onWaiting } = options
  const what = `cluster-info of ${question.server}`
  // `{}`: this only reads, so that a recording waits as well. kubeadm asks every 5 s, and loses that time in most joins.
  const outcome = await waitUntil<Outcome<T>>(
    {},
    {
      what,
      timeout,
      interval: { first: 100, most: 1500 },
      signal,
      onWaiting,
      look: (each) => lookOnce(question, options, each),
      timedOut: (last) =>
        new KadmError('DISCOVERY_FAILED', `${what} could not be read within ${timeout / 1000} s: ${last}`, { remedy: question.remedy }),
    },
  )
  if (outcome.kind === 'refused') throw outcome.error
  return outcome.value
}

type Outcome<T> = { readonly kind: 'accepted'; readonly value: T } | { readonly kind: 'refused'; readonly error: KadmError }

async function lookOnce<T>(
  { server, tls, judge }: ClusterInfoQuestion<T>,
  { host }: DiscoveryOptions,
  signal: AbortSignal,
): Promise<Look<Outcome<T>>> {
  let response: HttpResponse
  try {
    response = await httpGet(host, `${server.replace(/\/$/, '')}/api/v1/namespaces/kube-public/configmaps/cluster-info`, { ...tls, signal })
  } catch (error) {
    if (error instanceof UnverifiedServer) return refused(unverifiedServer(server, error))
    throw readable(error)
  }
  if (response.status >= 300 && response.status < 400) return refused(redirected(server, response.status))
  const answer = answerOf(response)
  const judgement = answer === undefined ? notUsable(response) : await judge(answer)
  if (judgement.kind === 'refused') return refused(judgement.error)
  return judgement.kind === 'done' ? { kind: 'done', value: { kind: 'accepted', value: judgement.value } } : judgement
}

/** OpenSSL's own text is no text for people. */
function readable(error: unknown): unknown {
  const isPlain = error instanceof Error && 'code' in error && error.code === 'ERR_SSL_WRONG_VERSION_NUMBER'
  return isPlain ? new Error('it does not speak TLS', { cause: error }) : error
}

function answerOf({ status, body }: HttpResponse): ClusterInfoAnswer | undefined {
  if (status === 403) return { kind: 'forbidden' }
  if (status !== 200) return undefined
  const data = dataOf(body)
  return data && { kind: 'read', data }
}

/** `undefined` when the text is no ConfigMap with texts in it. */
function dataOf(body: string): ClusterInfo | undefined {
  const object = parseJson(body)
  if (!isObject(object) || object['kind'] !== 'ConfigMap') return undefined
  const data = object['data'] ?? {}
  if (!isObject(data)) return undefined
  const entries = Object.entries(data).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return Object.assign(Object.create(null), Object.fromEntries(entries)) as ClusterInfo
}

function notUsable({ status }: HttpResponse): Look<never> {
  return { kind: 'not-yet', seen: status === 200 ? 'the answer is not a ConfigMap' : `the answer is HTTP ${status}` }
}

function refused(error: KadmError): Look<Outcome<never>> {
  return { kind: 'done', value: { kind: 'refused', error } }
}

function redirected(server: string, status: number): KadmError {
  return new KadmError(
    'DISCOVERY_UNTRUSTED',
    `"${server}" answers with a redirect (HTTP ${status}), which is not followed: it is no API server`,
    {
      remedy: ['give the address of an API server, or of a balancer that passes TCP through to one'],
    },
  )
}
