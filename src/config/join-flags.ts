/** Flags and the argument of join, turned into the document of a file. */
import type { ConfigDocument } from './documents.ts'
import { document, documentContent, type InitFlags } from './flags.ts'
import { isObject } from './decode.ts'

export interface JoinWords {
  readonly flags: InitFlags
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
  const bootstrapToken = { token, ...partOf(byToken), apiServerEndpoint: endpoint }
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

const controlPlaneFlags = ['certificate-key', 'apiserver-advertise-address', 'apiserver-bind-port'] as const

function partOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {}
}
