/** A table of fields as a list of paths, and their types in words: for pages and for `config explain`. */
import type { Field, ValueType } from './field.ts'

export interface FieldRow {
  /** `bootstrapTokens[].token` */
  readonly path: string
  readonly field: Field
}

/** Every field and what it holds, each parent before its children. */
export function fieldRows(fields: readonly Field[], parent = ''): readonly FieldRow[] {
  return fields.flatMap((field) => {
    const path = parent + field.name
    const own = { path, field }
    if (field.type.kind === 'object') return [own, ...fieldRows(field.type.fields, `${path}.`)]
    if (field.type.kind === 'list' && field.type.of.kind === 'object') return [own, ...fieldRows(field.type.of.fields, `${path}[].`)]
    return [own]
  })
}

export function typeText(type: ValueType): string {
  if (type.kind === 'list') return type.of.kind === 'object' ? 'list' : `list of ${type.of.kind}`
  if (type.kind === 'map') return `map of ${type.of.kind}`
  return type.kind === 'json' ? 'quantity' : type.kind
}
