/** One kubeadm document out of those of a file, decoded: unknown fields and keys given twice are problems where strict, else warnings. */
import type { JsonObject } from '../json.ts'
import { componentKinds } from './component-config.ts'
import { decodeObject, type Problem } from './decode.ts'
import { requireSupportedVersion, type AllowedVersions, type ConfigDocument } from './documents.ts'
import type { Field } from './fields/field.ts'
import { kinds, kubeadmGroup, type KindName } from './kinds.ts'
import { mergeMethodProblems, withMergeMethod } from './merge-method.ts'
import { fromV1beta3, v1beta3Fields } from './v1beta3.ts'

export interface StrictOptions extends AllowedVersions {
  readonly strict: boolean
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
  { strict, ...allowed }: StrictOptions,
): DecodedDocument | undefined {
  const document = documents.find((candidate) => candidate.group === kubeadmGroup && candidate.kind === kind)
  if (document === undefined) return undefined
  requireSupportedVersion(document, allowed)
  const {
    value: decoded,
    problems: typeProblems,
    unknown,
  } = decodeObject(fieldsOf(kind, document), document.content, ['apiVersion', 'kind'])
  const { value, warnings } = document.version === 'v1beta3' ? fromV1beta3(kind, decoded, documents) : { value: decoded, warnings: [] }
  const problems = [...typeProblems, ...mergeMethodProblems(value)]
  if (strict) return { value, warnings, problems: [...problems, ...unknown, ...document.duplicates.map((text) => ({ path: kind, text }))] }
  const odd = [...unknown.map(({ path, text }) => `${path} ${text}`), ...document.duplicates].map((text) => `${kind}: ${text}`)
  return { value, warnings: [...warnings, ...odd], problems }
}

function fieldsOf(kind: KindName, { version }: ConfigDocument): readonly Field[] {
  if (version === 'v1beta3') return v1beta3Fields(kind)
  return version === 'v1' ? withMergeMethod(kinds[kind]) : kinds[kind]
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
