/** Defaults that need nothing but the document. */
import { isObject, type Json, type JsonObject } from '../json.ts'
import { part } from './document-fields.ts'
import type { Field } from './fields/field.ts'
import type { KindName } from './kinds.ts'
import { kinds } from './kinds.ts'

/** The document with every static default of its kind put in. */
export function withDefaults(kind: KindName, document: JsonObject): JsonObject {
  return derive(kind, fillFields(kinds[kind], derive(kind, document)))
}

/** Empty as Go sees it for a field that is no pointer. */
export function isEmpty(value: Json | undefined): boolean {
  return (
    value === undefined || value === null || value === '' || value === 0 || value === false || (Array.isArray(value) && value.length === 0)
  )
}

/** Static defaults of a table of fields. */
export function fillFields(fields: readonly Field[], document: JsonObject): JsonObject {
  const result: Record<string, Json> = { ...document }
  for (const field of fields) {
    const { name, type, optional } = field
    const missing = optional === true ? result[name] === undefined : isEmpty(result[name])
    if (missing && field.default !== undefined) result[name] = field.default
    const value = result[name]
    if (type.kind === 'object' && (value !== undefined || optional !== true))
      result[name] = fillFields(type.fields, isObject(value) ? value : {})
    if (type.kind === 'list' && type.of.kind === 'object' && Array.isArray(value)) {
      const { fields: itemFields } = type.of
      result[name] = value.map((item: Json) => fillFields(itemFields, isObject(item) ? item : {}))
    }
  }
  return result
}

/** Defaults that come from other fields of the same document. Idempotent. */
function derive(kind: KindName, document: JsonObject): JsonObject {
  if (kind === 'ClusterConfiguration') return { ...document, etcd: deriveEtcd(part(document, 'etcd')) }
  if (kind === 'JoinConfiguration') return { ...document, discovery: deriveDiscovery(part(document, 'discovery')) }
  return document
}

function deriveEtcd(etcd: JsonObject): JsonObject {
  if (etcd['external'] === undefined) return etcd['local'] === undefined ? { ...etcd, local: {} } : etcd
  const external = part(etcd, 'external')
  const endpoints = external['endpoints']
  return isEmpty(external['httpEndpoints']) && endpoints !== undefined && !isEmpty(endpoints)
    ? { ...etcd, external: { ...external, httpEndpoints: endpoints } }
    : etcd
}

function deriveDiscovery(discovery: JsonObject): JsonObject {
  const result: Record<string, Json> = { ...discovery }
  const token = part(discovery, 'bootstrapToken')['token']
  if (isEmpty(discovery['tlsBootstrapToken']) && token !== undefined) result['tlsBootstrapToken'] = token
  const file = part(discovery, 'file')
  const path = file['kubeConfigPath']
  if (typeof path === 'string' && /^file:\/\//i.test(path)) {
    result['file'] = { ...file, kubeConfigPath: decodeURIComponent(path.replace(/^file:\/\/[^/?#]*/i, '').replace(/[?#].*$/, '')) }
  }
  return result
}
