/** A configuration file as a list of documents, before anything in them is looked at but apiVersion and kind. */
import { KadmError } from '../errors.ts'
import { clip } from './checks.ts'
import { isObject } from '../json.ts'
import { kubeadmGroup, kubeadmVersion } from './kinds.ts'
import { parseYamlStrictly, splitYamlDocuments, type YamlDocument } from './yaml.ts'

export interface ConfigDocument {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly content: Readonly<Record<string, unknown>>
  /** Keys given twice. */
  readonly duplicates: readonly string[]
  /** Its name, for errors; absent for words of a command line. */
  readonly file?: string
}

/** Throws CONFIG_SYNTAX for what is no YAML, CONFIG_INVALID for a document without apiVersion and kind or a kind given twice. */
export function readDocuments(text: string): readonly ConfigDocument[] {
  const documents = splitYamlDocuments(text).map(readDocument)
  const twice = documents.filter(({ kind }, index) => documents.findIndex((other) => other.kind === kind) !== index)
  if (twice.length > 0) {
    throw invalid(
      `the configuration has more than one document of kind ${[...new Set(twice.map(({ kind }) => `"${clip(kind)}"`))].join(', ')}`,
      ['keep one document of each kind'],
    )
  }
  return documents
}

/** Last release of kubeadm that reads and converts a version of its configuration that kadm does not read. */
const oldVersions: Readonly<Record<string, string>> = {
  v1alpha1: 'v1.11',
  v1alpha2: 'v1.12',
  v1alpha3: 'v1.14',
  v1beta1: 'v1.15',
  v1beta2: 'v1.22',
}

export function isOldVersion({ group, version }: ConfigDocument): boolean {
  return group === kubeadmGroup && Object.hasOwn(oldVersions, version)
}

/** Which versions besides the current one may be read. */
export interface AllowedVersions {
  /** `v1`. */
  readonly allowExperimental: boolean
  /** `v1beta3`. Default false. */
  readonly allowDeprecated?: boolean
}

/** Throws CONFIG_INVALID for a kubeadm version that is too old, deprecated or experimental, and not allowed. */
export function requireSupportedVersion(
  { group, version, kind, file = 'old.yaml' }: ConfigDocument,
  { allowExperimental, allowDeprecated = false }: AllowedVersions,
): void {
  if (group !== kubeadmGroup) return
  if (version === 'v1beta3') {
    if (allowDeprecated) return
    throw invalid(`${kind} has the old apiVersion "${group}/${version}"; kadm reads "${kubeadmGroup}/${kubeadmVersion}"`, [
      `kadm config migrate --old-config "${file}" --new-config new.yaml`,
      `kadm config validate --allow-deprecated-api --config "${file}"   # checks it as it is`,
    ])
  }
  const last = Object.hasOwn(oldVersions, version) ? oldVersions[version] : undefined
  if (last !== undefined) {
    throw invalid(`${kind} has the old apiVersion "${group}/${version}"; kadm reads "${kubeadmGroup}/${kubeadmVersion}"`, [
      `kubeadm config migrate --old-config "${file}" --new-config new.yaml   # by kubeadm ${last}`,
    ])
  }
  if (version === 'v1' && !allowExperimental) {
    throw invalid(`${kind} has the experimental apiVersion "${group}/v1"`, [
      `write apiVersion: ${kubeadmGroup}/${kubeadmVersion}`,
      `kadm config validate --allow-experimental-api --config "${file}"   # checks it as it is`,
    ])
  }
}

export function invalid(message: string, remedy: readonly [string, ...string[]], details: readonly string[] = []): KadmError {
  return new KadmError('CONFIG_INVALID', message, { remedy, details })
}

function readDocument({ text, linesBefore }: YamlDocument, index: number): ConfigDocument {
  const { value, duplicates } = parseYamlStrictly(text, linesBefore)
  const where = `document ${index + 1} of the configuration`
  if (value !== null && !isObject(value)) {
    throw invalid(`${where} must be an object with apiVersion and kind`, [
      'kadm config print init-defaults   # documents of the right form',
    ])
  }
  const apiVersion = value?.['apiVersion']
  const kind = value?.['kind']
  const [group, version, ...rest] = typeof apiVersion === 'string' ? apiVersion.split('/') : []
  if (
    value === null ||
    group === undefined ||
    group === '' ||
    version === undefined ||
    version === '' ||
    rest.length > 0 ||
    typeof kind !== 'string' ||
    kind === ''
  ) {
    throw invalid(`${where} lacks apiVersion or kind`, [
      `start it with "apiVersion: ${kubeadmGroup}/${kubeadmVersion}" and "kind: ClusterConfiguration"`,
    ])
  }
  return { group, version, kind, content: value, duplicates }
}
