/** `config validate` and `config migrate`: every kubeadm document of a text, read strictly. */
import type { Host } from '../host/host.ts'
import { componentKinds } from './component-config.ts'
import type { Problem } from './decode.ts'
import { invalid, isOldVersion, readDocuments, requireSupportedVersion, type AllowedVersions, type ConfigDocument } from './documents.ts'
import { isKindName, kubeadmGroup, kubeadmVersion } from './kinds.ts'
import type { FetchVersion } from './kubernetes-version.ts'
import { configProblems, noFetch, readNamedDocuments } from './load.ts'
import type { JsonObject } from './model.ts'
import { printedDocument } from './print.ts'
import { resolveInit } from './resolve-init.ts'
import { resolveNodeKind, type NodeKind } from './resolve-node.ts'
import { v1beta3Kinds } from './v1beta3.ts'
import { dumpYaml } from './yaml.ts'

export interface ValidateOptions {
  /** Shown in errors. */
  readonly file?: string
  /** Read kubeadm.k8s.io/v1 too. */
  readonly allowExperimental?: boolean
  /** Read kubeadm.k8s.io/v1beta3 too; `migrateConfig` always does. */
  readonly allowDeprecated?: boolean
  readonly fetchVersion?: FetchVersion
}

/** Throws CONFIG_SYNTAX or CONFIG_INVALID, with every problem of every document in its details. */
export async function validateConfig(
  text: string,
  options: ValidateOptions,
  host: Host,
): Promise<{ readonly warnings: readonly string[] }> {
  const { warnings, documents } = await resolveAll(text, options, host, false)
  return { warnings: documents.length === 0 ? ['nothing was checked: the file has no kubeadm configuration', ...warnings] : warnings }
}

/** The kubeadm documents of a text with all defaults, as v1beta4 YAML; component configurations are left out. Throws as `validateConfig`. */
export async function migrateConfig(
  text: string,
  options: ValidateOptions,
  host: Host,
): Promise<{ readonly text: string; readonly warnings: readonly string[] }> {
  const { warnings, documents } = await resolveAll(text, { ...options, allowDeprecated: true }, host, true)
  return { text: documents.map(dumpYaml).join('---\n'), warnings }
}

const nodeKinds: readonly NodeKind[] = ['JoinConfiguration', 'ResetConfiguration', 'UpgradeConfiguration']

interface AllResolved {
  readonly documents: readonly JsonObject[]
  readonly warnings: readonly string[]
}

async function resolveAll(text: string, options: ValidateOptions, host: Host, detectCriSocket: boolean): Promise<AllResolved> {
  const given = options.file === undefined ? readDocuments(text) : readNamedDocuments(text, options.file)
  const { allowExperimental = false, allowDeprecated = false } = options
  const strictness = { strict: true, allowExperimental, allowDeprecated, detectCriSocket }
  requireKnown(given, strictness)
  const has = (kind: string): boolean => given.some((document) => document.group === kubeadmGroup && document.kind === kind)
  const documents: JsonObject[] = []
  const warnings: string[] = []
  const problems: Problem[] = []
  if (has('InitConfiguration') || has('ClusterConfiguration')) {
    const resolved = await resolveInit(given, host, { ...strictness, fetchVersion: options.fetchVersion ?? noFetch })
    documents.push(printedDocument('InitConfiguration', resolved.init), printedDocument('ClusterConfiguration', resolved.cluster))
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
  return { documents, warnings: documents.length > 2 ? warnings.filter((warning) => !warning.endsWith('is not used here')) : warnings }
}

/** kubeadm lets documents of an old version with a kind that it does not know pass unread; here nothing passes unread. */
function requireKnown(documents: readonly ConfigDocument[], allowed: AllowedVersions): void {
  for (const document of documents) if (isOldVersion(document)) requireSupportedVersion(document, allowed)
  const unknown = documents.filter(({ group, version, kind }) => {
    const kubeadm = group === kubeadmGroup && isKindName(kind) && ([kubeadmVersion, 'v1'].includes(version) || (version === 'v1beta3' && v1beta3Kinds.includes(kind)))
    return (
      !kubeadm && !componentKinds.some((component) => component.group === group && component.version === version && component.kind === kind)
    )
  })
  if (unknown.length === 0) return
  const names = unknown.map(({ group, version, kind }) => `"${kind}" of ${group}/${version}`)
  throw invalid(`the configuration has documents of kinds that kadm does not know: ${names.join(', ')}`, [
    'correct their apiVersion and kind, or remove them',
  ])
}
