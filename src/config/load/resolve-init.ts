/**
 * The documents of a file (or of flags) into complete Init and Cluster documents and component configurations, with all that is wrong with
 * them.
 */
import type { Host } from '../../host/host.ts'
import type { JsonObject } from '../../json.ts'
import { checkDocument } from '../check.ts'
import { decodeComponent, kubeletKind, kubeProxyKind, type ComponentKind } from '../component-config.ts'
import { decodeDocument, unusedDocuments, type StrictOptions } from '../decode-document.ts'
import { withDefaults } from '../defaults.ts'
import { part } from '../document-fields.ts'
import type { Problem } from '../decode.ts'
import { invalid, type ConfigDocument } from '../documents.ts'
import { completeApiEndpoint, completeCluster, completeNodeRegistration, completeTokens } from '../dynamic-defaults.ts'
import { kubeProxyDefaults } from '../kube-proxy-defaults.ts'
import { kubeletDefaults } from '../kubelet-defaults.ts'
import { resolveKubernetesVersion, type FetchVersion } from '../kubernetes-version.ts'
import type { ComponentConfig } from '../model.ts'
import { networkWarnings, validityWarnings } from '../cluster-warnings.ts'

export interface ResolveOptions extends StrictOptions {
  readonly detectCriSocket: boolean
  readonly fetchVersion: FetchVersion
  /** Last word on the InitConfiguration before defaults: flags beside a file. */
  readonly adjust?: (init: JsonObject) => JsonObject
  /** For each bootstrap token that is not given; random when absent. */
  readonly newToken?: () => Promise<string>
}

export interface ResolvedInit {
  readonly init: JsonObject
  readonly cluster: JsonObject
  readonly ciVersion: boolean
  readonly kubelet: ComponentConfig
  readonly kubeProxy: ComponentConfig
  readonly warnings: readonly string[]
  readonly problems: readonly Problem[]
}

export async function resolveInit(documents: readonly ConfigDocument[], host: Host, options: ResolveOptions): Promise<ResolvedInit> {
  const given = {
    init: decodeDocument('InitConfiguration', documents, options),
    cluster: decodeDocument('ClusterConfiguration', documents, options),
  }
  if (given.init === undefined && given.cluster === undefined) {
    throw invalid('the configuration has neither an InitConfiguration nor a ClusterConfiguration', [
      'add one: see "kadm config print init-defaults"',
    ])
  }
  const components = {
    kubeProxy: readComponent(kubeProxyKind, documents, options),
    kubelet: readComponent(kubeletKind, documents, options),
  }
  const facts = await host.facts()
  const adjust = options.adjust ?? ((init: JsonObject): JsonObject => init)
  const static_ = await completeTokens(withDefaults('InitConfiguration', adjust(given.init?.value ?? {})), options.newToken)
  const node = await completeNodeRegistration(static_, host, facts, { controlPlane: true, detectCriSocket: options.detectCriSocket })
  const { document: init, ...endpoint } = completeApiEndpoint(node.document, facts)

  const clusterDefaults = withDefaults('ClusterConfiguration', given.cluster?.value ?? {})
  const version = await resolveKubernetesVersion(String(clusterDefaults['kubernetesVersion']), options.fetchVersion)
  const cluster = completeCluster({ ...clusterDefaults, kubernetesVersion: version.version }, part(init, 'localAPIEndpoint')['bindPort'])

  const networking = part(cluster, 'networking')
  const advertiseAddress = String(part(init, 'localAPIEndpoint')['advertiseAddress'])
  const kubeProxy = kubeProxyDefaults(components.kubeProxy.value, { podSubnet: String(networking['podSubnet'] ?? ''), advertiseAddress })
  const kubelet = kubeletDefaults(components.kubelet.value, {
    serviceSubnet: String(networking['serviceSubnet']),
    dnsDomain: String(networking['dnsDomain']),
    certificatesDir: String(cluster['certificatesDir']),
  })
  const sources = [given.init, given.cluster, components.kubeProxy, components.kubelet].filter((source) => source !== undefined)
  return {
    init,
    cluster,
    ciVersion: version.ci,
    kubelet: { document: kubelet.document, userSupplied: components.kubelet.userSupplied },
    kubeProxy: { document: kubeProxy.document, userSupplied: components.kubeProxy.userSupplied },
    warnings: [
      ...unusedDocuments(['InitConfiguration', 'ClusterConfiguration'], documents),
      ...sources.flatMap(({ warnings }) => warnings),
      ...node.warnings,
      ...endpoint.warnings,
      ...kubeProxy.warnings,
      ...kubelet.warnings,
      ...version.warnings,
      ...networkWarnings(networking),
      ...validityWarnings(cluster),
    ],
    problems: unique([
      ...sources.flatMap(({ problems }) => problems),
      ...node.problems,
      ...endpoint.problems,
      ...version.problems.map((text) => ({ path: 'kubernetesVersion', text })),
      ...checkDocument('InitConfiguration', init),
      ...checkDocument('ClusterConfiguration', cluster),
    ]),
  }
}

/** The first problem of each path and text. */
export function unique(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [`${problem.path}\n${problem.text}`, problem])).values()]
}

interface ComponentSource {
  readonly value: JsonObject
  readonly userSupplied: boolean
  readonly warnings: readonly string[]
  readonly problems: readonly Problem[]
}

function readComponent(kind: ComponentKind, documents: readonly ConfigDocument[], { strict }: StrictOptions): ComponentSource {
  const document = documents.find(({ group }) => group === kind.group)
  if (document === undefined) return { value: {}, userSupplied: false, warnings: [], problems: [] }
  if (document.version !== kind.version || document.kind !== kind.kind) {
    throw invalid(
      `${document.kind} has apiVersion "${document.group}/${document.version}"; kadm knows ${kind.kind} of "${kind.group}/${kind.version}"`,
      [`write apiVersion: ${kind.group}/${kind.version}`],
    )
  }
  const { value, problems, unknown } = decodeComponent(kind, document)
  const typed = problems.map(({ path, text }) => ({ path: `${kind.kind}: ${path}`, text }))
  if (!strict) {
    const warnings = [...unknown.map(({ path, text }) => `${path} ${text}`), ...document.duplicates].map((text) => `${kind.kind}: ${text}`)
    return { value, userSupplied: true, warnings, problems: typed }
  }
  const odd = [
    ...unknown.map(({ path, text }) => ({ path: `${kind.kind}: ${path}`, text })),
    ...document.duplicates.map((text) => ({ path: kind.kind, text })),
  ]
  return { value, userSupplied: true, warnings: [], problems: [...typed, ...odd] }
}
