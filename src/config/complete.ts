/**
 * Every document of a file with all of its defaults, whatever kinds it holds: what `config validate`, `migrate` and `diff` have in common.
 */
import type { Host } from '../host/host.ts'
import type { JsonObject } from '../json.ts'
import { clusterFileApiVersion } from './fields/cluster-file-fields.ts'
import { componentKinds } from './component-config.ts'
import type { Problem } from './decode.ts'
import { unusedDocuments } from './decode-document.ts'
import { invalid, isOldVersion, readDocuments, requireSupportedVersion, type AllowedVersions, type ConfigDocument } from './documents.ts'
import { isKindName, kinds, kubeadmApiVersion, kubeadmGroup, kubeadmVersion } from './kinds.ts'
import type { FetchVersion } from './kubernetes-version.ts'
import { configProblems } from './config-problems.ts'
import { noFetch } from './load/load-init.ts'
import { readNamedDocuments } from './load/read-config-file.ts'
import { nearestName } from './nearest-name.ts'
import { printedDocument } from './print.ts'
import { resolveInit } from './load/resolve-init.ts'
import { resolveNodeKind, type NodeKind } from './load/resolve-node.ts'
import { v1beta3Kinds } from './v1beta3.ts'

export interface CompleteOptions extends AllowedVersions {
  /** Shown in errors. */
  readonly file?: string | undefined
  /** Look for the socket of the container runtime where none is given. */
  readonly detectCriSocket: boolean
  readonly fetchVersion?: FetchVersion | undefined
  /** For each bootstrap token that is not given; random when absent. */
  readonly newToken?: () => Promise<string>
}

export interface CompletedFile {
  /** Of kubeadm, as they are printed. An InitConfiguration and a ClusterConfiguration come together, though one of them was not given. */
  readonly documents: readonly JsonObject[]
  /** The configurations of kubelet and kube-proxy that go with a ClusterConfiguration. */
  readonly components: readonly JsonObject[]
  readonly warnings: readonly string[]
}

export function readGiven(text: string, file: string | undefined): readonly ConfigDocument[] {
  return file === undefined ? readDocuments(text) : readNamedDocuments(text, file)
}

/** Reads strictly. Throws CONFIG_INVALID, with every problem of every document in its details. */
export async function completeDocuments(given: readonly ConfigDocument[], options: CompleteOptions, host: Host): Promise<CompletedFile> {
  requireKnown(given, options)
  const strictness = { strict: true, ...options }
  const has = (kind: string): boolean => given.some((document) => document.group === kubeadmGroup && document.kind === kind)
  const documents: JsonObject[] = []
  const components: JsonObject[] = []
  const warnings: string[] = []
  const problems: Problem[] = []
  if (has('InitConfiguration') || has('ClusterConfiguration')) {
    const resolved = await resolveInit(given, host, { ...strictness, fetchVersion: options.fetchVersion ?? noFetch })
    documents.push(printedDocument('InitConfiguration', resolved.init), printedDocument('ClusterConfiguration', resolved.cluster))
    components.push(resolved.kubeProxy.document, resolved.kubelet.document)
    warnings.push(...resolved.warnings)
    problems.push(...resolved.problems)
  }
  for (const kind of nodeKinds.filter(has)) {
    const resolved = await resolveNodeKind(kind, given, host, strictness)
    documents.push(printedDocument(kind, resolved.document))
    warnings.push(...resolved.warnings)
    problems.push(...resolved.problems)
  }
  if (problems.length > 0) throw configProblems(problems, options.file)
  // A file for several commands: what one of them does not use, another does.
  const unused = documents.length > 2 ? unusedDocuments([], given) : []
  return { documents, components, warnings: warnings.filter((warning) => !unused.includes(warning)) }
}

const nodeKinds: readonly NodeKind[] = ['JoinConfiguration', 'ResetConfiguration', 'UpgradeConfiguration']

const knownKinds = [
  ...Object.keys(kinds).map((kind) => ({ kind, apiVersion: kubeadmApiVersion })),
  ...componentKinds.map(({ kind, group, version }) => ({ kind, apiVersion: `${group}/${version}` })),
]

function kindRemedy(unknown: readonly ConfigDocument[]): readonly [string, ...string[]] {
  const clusterFile = unknown.find(({ group, version, kind }) => kind === 'Cluster' && `${group}/${version}` === clusterFileApiVersion)
  if (clusterFile !== undefined) return [`kadm plan -f "${clusterFile.file ?? 'cluster.yaml'}"   # of a cluster file; looks only`]
  const names = knownKinds.map(({ kind }) => kind)
  const near = new Set(unknown.map(({ kind }) => nearestName(kind, names)))
  const [first, ...others] = knownKinds
    .filter(({ kind }) => near.has(kind))
    .map(({ kind, apiVersion }) => `write "apiVersion: ${apiVersion}" and "kind: ${kind}"`)
  return first === undefined ? [`use kinds that are known: ${names.join(', ')}`] : [first, ...others]
}

/** kubeadm lets documents of an old version with a kind that it does not know pass unread; here nothing passes unread. */
function requireKnown(documents: readonly ConfigDocument[], allowed: AllowedVersions): void {
  for (const document of documents) if (isOldVersion(document)) requireSupportedVersion(document, allowed)
  const unknown = documents.filter(({ group, version, kind }) => {
    const kubeadm =
      group === kubeadmGroup &&
      isKindName(kind) &&
      ([kubeadmVersion, 'v1'].includes(version) || (version === 'v1beta3' && v1beta3Kinds.includes(kind)))
    return (
      !kubeadm && !componentKinds.some((component) => component.group === group && component.version === version && component.kind === kind)
    )
  })
  if (unknown.length === 0) return
  const names = unknown.map(({ group, version, kind }) => `"${kind}" of ${group}/${version}`)
  throw invalid(`the configuration has documents of kinds that kadm does not know: ${names.join(', ')}`, kindRemedy(unknown))
}
