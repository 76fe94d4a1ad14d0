/** Flags and the argument of join, turned into the document of a file. */
import { isEmpty } from './defaults.ts'
import type { Problem } from './decode.ts'
import { isObject, type Json } from '../json.ts'
import type { ConfigDocument } from './documents.ts'
import { toldByWords, wordsOf } from './flag-problems.ts'
import { document, documentContent, type GivenFlags } from './flags.ts'

export interface JoinWords {
  readonly flags: GivenFlags
  /** The argument: `host:port` of the API server. */
  readonly endpoint: string | undefined
  /** For phases that have no flags for discovery: the file that stands for it. */
  readonly discoveryFile: string | undefined
}

/**
 * The document that stands for the words of join. Without an endpoint there is no discovery by token; flags of a control plane without
 * `--control-plane` say nothing, as in kubeadm. Throws CONFIG_INVALID for a value that cannot be read.
 */
export function joinDocuments({ flags, endpoint, discoveryFile }: JoinWords): {
  readonly documents: readonly ConfigDocument[]
  readonly warnings: readonly string[]
} {
  const { controlPlane, discovery: given, ...content } = documentContent('JoinConfiguration', flags)
  const { bootstrapToken: byToken, file, tlsBootstrapToken } = partOf(given)
  const token = flags['token']
  const bootstrapToken = { ...(token !== undefined && { token }), ...partOf(byToken), apiServerEndpoint: endpoint }
  const discovery =
    discoveryFile === undefined
      ? {
          ...(endpoint !== undefined && { bootstrapToken }),
          ...(file !== undefined && { file }),
          tlsBootstrapToken: tlsBootstrapToken ?? token ?? '',
        }
      : { file: { kubeConfigPath: discoveryFile } }
  const isControlPlane = flags['control-plane'] === true
  const stray = isControlPlane ? [] : controlPlaneFlags.filter((name) => flags[name] !== undefined)
  return {
    documents: [document('JoinConfiguration', { ...content, discovery, ...(isControlPlane && { controlPlane: controlPlane ?? {} }) })],
    warnings: stray.map((name) => `--${name} is for control planes: without --control-plane it does nothing`),
  }
}

/** What is wrong with the document, told by the words that it was made of, and by those that are missing. */
export function joinWordProblems(problems: readonly Problem[], { flags, endpoint }: JoinWords): readonly Problem[] {
  const given = (name: string): boolean => !isEmpty(flags[name] as Json | undefined)
  const setBy: Readonly<Record<string, string>> = {
    'discovery.bootstrapToken.token': given('discovery-token') ? '--discovery-token' : '--token',
    'discovery.tlsBootstrapToken': given('tls-bootstrap-token')
      ? '--tls-bootstrap-token'
      : given('token')
        ? '--token'
        : '--discovery-token',
  }
  const missing = (path: string): boolean => {
    if (path === 'discovery') return endpoint === undefined
    if (path === 'discovery.bootstrapToken.caCertHashes') return !given('discovery-token-ca-cert-hash')
    return path === 'discovery.bootstrapToken.token' && !given('token') && !given('discovery-token')
  }
  const isTokenMissing = problems.some(({ path }) => path === 'discovery.bootstrapToken.token' && missing(path))
  const told = problems
    .filter(({ path }) => !isTokenMissing || given('tls-bootstrap-token') || path !== 'discovery.tlsBootstrapToken')
    .map(({ path, text }) => {
      if (missing(path)) return { path: setBy[path] ?? path, text: 'is missing' }
      return { path: setBy[path] ?? path, text: path === 'discovery' ? 'and --discovery-file exclude each other' : text }
    })
  return toldByWords(told, wordsOf.join)
}

const controlPlaneFlags = ['certificate-key', 'apiserver-advertise-address', 'apiserver-bind-port'] as const

function partOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {}
}
