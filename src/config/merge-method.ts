/**
 * `mergeMethod` of arguments, which only the experimental kubeadm.k8s.io/v1 has: known and checked there, and lost on the way to v1beta4.
 */
import { oneOfProblems } from './checks.ts'
import type { Problem } from './decode.ts'
import { isObject, type Json, type JsonObject } from '../json.ts'
import { stringField, type Field } from './fields/field.ts'

const mergeMethodField = stringField('mergeMethod', '"append" or "prepend": the value is joined to that of kadm.')

/** A table of fields whose arguments may have a `mergeMethod`. */
export function withMergeMethod(fields: readonly Field[]): readonly Field[] {
  return fields.map((field) => {
    const { type } = field
    if (type.kind === 'object') return { ...field, type: { ...type, fields: withMergeMethod(type.fields) } }
    if (!/[aA]rgs$/.test(field.name) || type.kind !== 'list' || type.of.kind !== 'object') return field
    return { ...field, type: { kind: 'list', of: { kind: 'object', fields: [...type.of.fields, mergeMethodField] } } }
  })
}

/** Wrong values of it anywhere in a document. */
export function mergeMethodProblems(document: JsonObject, path = ''): readonly Problem[] {
  return Object.entries(document).flatMap(([name, value]): readonly Problem[] => {
    const at = path === '' ? name : `${path}.${name}`
    if (isObject(value)) return mergeMethodProblems(value, at)
    return /[aA]rgs$/.test(name) && Array.isArray(value)
      ? value.flatMap((item: Json) => problemsOf(item).map((text) => ({ path: at, text })))
      : []
  })
}

function problemsOf(item: Json): readonly string[] {
  const method = isObject(item) ? item['mergeMethod'] : undefined
  return typeof method !== 'string' || method === '' ? [] : oneOfProblems(method, ['append', 'prepend'])
}
