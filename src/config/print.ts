/** Documents as Go prints them: empty values left out unless the table says otherwise, nested structs always there. */
import { isEmpty } from './defaults.ts'
import { isObject, type Json, type JsonObject } from '../json.ts'
import type { Field, ValueType } from './fields/field.ts'
import { kinds, kubeadmApiVersion, type KindName } from './kinds.ts'

/** The whole document of a kubeadm kind, apiVersion and kind included. */
export function printedDocument(kind: KindName, document: JsonObject): JsonObject {
  return { apiVersion: kubeadmApiVersion, kind, ...printedObject(kinds[kind], document) }
}

export function printedObject(fields: readonly Field[], document: JsonObject): JsonObject {
  const result: Record<string, Json> = {}
  for (const field of fields) {
    const value = printedValue(field, document[field.name])
    if (value !== undefined) result[field.name] = value
  }
  return result
}

function printedValue({ type, optional, printed }: Field, value: Json | undefined): Json | undefined {
  if (type.kind === 'object') return value === undefined && optional === true ? undefined : printedType(type, value ?? {})
  if (optional === true && type.kind !== 'list' && type.kind !== 'map') return value ?? (printed === true ? null : undefined)
  const empty = isEmpty(value) || (type.kind === 'map' && Object.keys(value ?? {}).length === 0)
  if (!empty && value !== undefined) return printedType(type, value)
  if (printed !== true) return undefined
  return value ?? zeroOf(type)
}

function zeroOf({ kind }: ValueType): Json {
  if (kind === 'list' || kind === 'map') return null
  if (kind === 'boolean') return false
  return kind === 'integer' || kind === 'number' ? 0 : ''
}

function printedType(type: ValueType, value: Json): Json {
  if (type.kind === 'object') return printedObject(type.fields, isObject(value) ? value : {})
  if (type.kind === 'list' && Array.isArray(value)) return value.map((item: Json) => printedType(type.of, item))
  return value
}
