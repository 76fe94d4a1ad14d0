/** One kubeadm document out of those of a file, decoded: unknown fields and keys given twice are problems where strict, else warnings. */
import { componentKinds } from './component-config.ts'
import { decodeObject, type Problem } from './decode.ts'
import { requireSupportedVersion, type ConfigDocument } from './documents.ts'
import { kinds, kubeadmGroup, type KindName } from './kinds.ts'
import { mergeMethodProblems, withMergeMethod } from './merge-method.ts'
import type { JsonObject } from './model.ts'

export interface StrictOptions {
  readonly strict: boolean
  readonly allowExperimental: boolean
}

export interface DecodedDocument {
  readonly value: JsonObject
  readonly warnings: readonly string[]
  readonly problems: readonly Problem[]
}

/** `undefined` when there is no document of this kind. Throws CONFIG_INVALID for a version that kadm does not read. */
export function decodeDocument(
  kind: KindName,
  documents: readonly ConfigDocument[],
  { strict, allowExperimental }: StrictOptions,
): DecodedDocument | undefined {
  const document = documents.find((candidate) => candidate.group === kubeadmGroup && candidate.kind === kind)
  if (document === undefined) return undefined
  requireSupportedVersion(document, allowExperimental)
  const fields = document.version === 'v1' ? withMergeMethod(kinds[kind]) : kinds[kind]
  const { value, problems: typeProblems, unknown } = decodeObject(fields, document.content, ['apiVersion', 'kind'])
  const problems = [...typeProblems, ...mergeMethodProblems(value)]
  if (strict)
    return { value, warnings: [], problems: [...problems, ...unknown, ...document.duplicates.map((text) => ({ path: kind, text }))] }
  return {
    value,
    warnings: [...unknown.map(({ path, text }) => `${path} ${text}`), ...document.duplicates].map((text) => `${kind}: ${text}`),
    problems,
  }
}

/** A warning for each document that a command does not read. */
export function unusedDocuments(used: readonly string[], documents: readonly ConfigDocument[]): readonly string[] {
  const isUsed = ({ group, kind }: ConfigDocument): boolean =>
    (group === kubeadmGroup && used.includes(kind)) ||
    (used.includes('ClusterConfiguration') && componentKinds.some((component) => component.group === group))
  return documents
    .filter((document) => !isUsed(document))
    .map(({ group, version, kind }) => `the ${kind} of ${group}/${version} in the configuration is not used here`)
}
