/** All that is wrong with a document whose defaults are filled in: the checks of its fields, then the rules between fields. */
import { isEmpty } from './defaults.ts'
import { child, type Problem } from './decode.ts'
import { isObject, type Json, type JsonObject } from '../json.ts'
import type { Field } from './fields/field.ts'
import { kinds, type KindName } from './kinds.ts'
import { rules } from './rules.ts'

export function checkDocument(kind: KindName, document: JsonObject): readonly Problem[] {
  const problems = [...checkFields(kinds[kind], document, ''), ...rules[kind](document)]
  const etcdTwice = problems.some(({ path }) => path === 'etcd')
  return etcdTwice ? problems.filter(({ path }) => !path.startsWith('etcd.')) : problems
}

/** What the checks of the fields say; `path`: of the document, '' for a whole one. */
export function checkFields(fields: readonly Field[], document: JsonObject, path: string): readonly Problem[] {
  return fields.flatMap((field) => {
    const value = document[field.name]
    const at = child(path, field.name)
    const own = field.check !== undefined && (field.required === true || !isEmpty(value)) ? field.check(value ?? '') : []
    return [...own.map((text) => ({ path: at, text })), ...checkInside(field, value, at)]
  })
}

function checkInside({ type }: Field, value: Json | undefined, path: string): readonly Problem[] {
  if (type.kind === 'object') return isObject(value) ? checkFields(type.fields, value, path) : []
  if (type.kind !== 'list' || type.of.kind !== 'object' || !Array.isArray(value)) return []
  const { fields } = type.of
  return value.flatMap((item: Json, index) => (isObject(item) ? checkFields(fields, item, child(path, index)) : []))
}
