/**
 * Two configuration files compared by what they mean: `config diff`. Defaults are filled in, so that what is left out and what is written
 * out are one.
 */
import type { Host } from '../host/host.ts'
import { completeDocuments, readGiven } from './complete.ts'
import { isJsonArray, isObject, type Json, type JsonObject } from '../json.ts'
import type { ConfigDocument } from './documents.ts'
import { kubeadmGroup, kubeadmVersion } from './kinds.ts'
import { newestKubernetes } from './own-version.ts'
import { parseVersion } from './versions.ts'

export interface Difference {
  readonly kind: string
  /**
   * `networking.podSubnet`, `apiServer.extraArgs.1.value`; '' for a whole document. Indices are those of the new file where it has the
   * item.
   */
  readonly path: string
  /** Absent where only the new file has it. */
  readonly old?: Json
  /** Absent where only the old file has it. */
  readonly new?: Json
}

export interface NamedText {
  /** For errors. */
  readonly file: string
  readonly text: string
}

/** In the order of the documents. Throws CONFIG_SYNTAX or CONFIG_INVALID when one of the files cannot work: nobody knows what it means. */
export async function diffConfigs(before: NamedText, after: NamedText, host: Host): Promise<readonly Difference[]> {
  const [old, now] = [await meaningOf(before, host), await meaningOf(after, host)]
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((kind) => differences(kind, '', old.get(kind), now.get(kind)))
}

/** Complete documents by kind. */
async function meaningOf({ file, text }: NamedText, host: Host): Promise<ReadonlyMap<string, Json>> {
  const given = readGiven(text, file)
  const options = {
    file,
    allowExperimental: true,
    allowDeprecated: true,
    detectCriSocket: false,
    fetchVersion: async () => newestKubernetes,
    newToken: async () => madeUp,
  }
  const onlyComponents = given.length > 0 && given.every(({ group }) => group !== kubeadmGroup)
  // The defaults of component configurations come from a cluster: here from one that has defaults only.
  const { documents, components } = await completeDocuments(onlyComponents ? [...given, anyCluster] : given, options, host)
  const meant = onlyComponents ? components : [...documents, ...components]
  return new Map(meant.map((document) => [String(document['kind']), withLabel(document, given)]))
}

const anyCluster: ConfigDocument = {
  group: kubeadmGroup,
  version: kubeadmVersion,
  kind: 'ClusterConfiguration',
  content: {},
  duplicates: [],
}

/** In place of a token that the file does not give. */
const madeUp = 'random.0000000000000000'

/** A label such as `stable-1` stays one: what it stands for changes by the day. */
function withLabel(document: JsonObject, given: readonly ConfigDocument[]): JsonObject {
  if (document['kind'] !== 'ClusterConfiguration') return document
  const content = given.find(({ group, kind }) => group === kubeadmGroup && kind === 'ClusterConfiguration')?.content
  const version = String(content?.['kubernetesVersion'] ?? 'stable-1')
  return parseVersion(version) === undefined ? { ...document, kubernetesVersion: version } : document
}

function differences(kind: string, path: string, old: Json | undefined, now: Json | undefined): readonly Difference[] {
  if (JSON.stringify(old) === JSON.stringify(now)) return []
  if (isObject(old) && isObject(now)) {
    return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((name) =>
      differences(kind, at(path, name), old[name], now[name]),
    )
  }
  if (isJsonArray(old) && isJsonArray(now)) return listDifferences(kind, path, old, now)
  return [{ kind, path, ...(old !== undefined && { old: shown(path, old) }), ...(now !== undefined && { new: shown(path, now) }) }]
}

/** In order: what both begin with and end with is left out, what is between is compared item by item. */
function listDifferences(kind: string, path: string, old: readonly Json[], now: readonly Json[]): readonly Difference[] {
  const shorter = Math.min(old.length, now.length)
  const same = (a: Json | undefined, b: Json | undefined): boolean => JSON.stringify(a) === JSON.stringify(b)
  let start = 0
  while (start < shorter && same(old[start], now[start])) start += 1
  let end = 0
  while (end < shorter - start && same(old.at(-1 - end), now.at(-1 - end))) end += 1
  const [left, right] = [old.slice(start, old.length - end), now.slice(start, now.length - end)]
  return Array.from({ length: Math.max(left.length, right.length) }, (_, index) =>
    differences(kind, at(path, String(start + index)), left[index], right[index]),
  ).flat()
}

const secretFields = new Set(['token', 'certificateKey', 'tlsBootstrapToken'])

/** Secrets are not repeated, wherever they are in the value. */
function shown(path: string, value: Json): Json {
  if (typeof value === 'string') return secretFields.has(path.split('.').at(-1) ?? '') ? '(secret)' : value
  if (isJsonArray(value)) return value.map((item) => shown(path, item))
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shown(name, item)])) : value
}

function at(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
