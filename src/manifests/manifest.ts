import type { KubernetesObject } from '../cluster/cluster.ts'
import { isObject, type JsonObject } from '../json.ts'

/** An object of the API as plain data: it can be sent to the API, patched, and written as YAML. */
export type Manifest = KubernetesObject & JsonObject

/** `undefined` when it lacks a kind, a version or a name. */
export function asManifest(object: JsonObject): Manifest | undefined {
  const { apiVersion, kind, metadata } = object
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || !isObject(metadata)) return undefined
  const { name } = metadata
  return typeof name === 'string' ? { ...object, apiVersion, kind, metadata: { ...metadata, name } } : undefined
}
