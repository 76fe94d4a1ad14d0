/**
 * A field of a configuration document. The parser, unknown-field detection, defaults, checks, flags, docs/config.md and the JSON Schema all
 * read tables of these: what stands here is written nowhere else.
 */
import type { Json } from '../../json.ts'

export interface Field {
  readonly name: string
  readonly type: ValueType
  readonly doc: string
  /** Flag that sets it, without dashes. */
  readonly flag?: string
  /** The first kubeadm that reads it, `v1.35`; absent: older than v1beta4. */
  readonly since?: string
  /** Put in where the value is absent or empty. */
  readonly default?: Json
  /** For the docs, where the default is found out at run time. */
  readonly defaultNote?: string
  /** Absent and empty are two things: `false` and `0s` are printed when they were given. */
  readonly optional?: boolean
  /** Printed even when empty. */
  readonly printed?: boolean
  /** What is wrong with a value that is not empty, in words for the user. */
  readonly check?: (value: Json) => readonly string[]
  /** `check` looks at an empty value too. */
  readonly required?: boolean
}

export type ValueType =
  | { readonly kind: 'string' | 'boolean' | 'integer' | 'number' | 'duration' | 'time' | 'token' | 'json' }
  | { readonly kind: 'list' | 'map'; readonly of: ValueType }
  | ObjectType

export interface ObjectType {
  readonly kind: 'object'
  readonly fields: readonly Field[]
}

type Rest<Value extends Json> = Omit<Field, 'name' | 'type' | 'doc' | 'check' | 'default'> & {
  readonly default?: Value
  readonly check?: (value: Value) => readonly string[]
}

export function stringField(name: string, doc: string, { check, ...rest }: Rest<string> = {}): Field {
  return {
    name,
    type: { kind: 'string' },
    doc,
    ...rest,
    ...(check && { check: (value: Json) => check(typeof value === 'string' ? value : '') }),
  }
}

export function booleanField(name: string, doc: string, rest: Omit<Rest<boolean>, 'check'> = {}): Field {
  return { name, type: { kind: 'boolean' }, doc, ...rest }
}

export function integerField(name: string, doc: string, { check, ...rest }: Rest<number> = {}): Field {
  return {
    name,
    type: { kind: 'integer' },
    doc,
    ...rest,
    ...(check && { check: (value: Json) => check(typeof value === 'number' ? value : 0) }),
  }
}

/** A duration as Go writes it; in documents it stays a text. */
export function durationField(name: string, doc: string, rest: Omit<Rest<string>, 'check'> = {}): Field {
  return { name, type: { kind: 'duration' }, doc, optional: true, ...rest }
}

export function stringsField(name: string, doc: string, { check, ...rest }: Rest<readonly string[]> = {}): Field {
  const strings = (value: Json): readonly string[] => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [])
  return {
    name,
    type: { kind: 'list', of: { kind: 'string' } },
    doc,
    ...rest,
    ...(check && { check: (value: Json) => check(strings(value)) }),
  }
}

export function objectField(name: string, doc: string, fields: readonly Field[], rest: Omit<Field, 'name' | 'type' | 'doc'> = {}): Field {
  return { name, type: { kind: 'object', fields }, doc, ...rest }
}

export function listField(name: string, doc: string, fields: readonly Field[], rest: Omit<Field, 'name' | 'type' | 'doc'> = {}): Field {
  return { name, type: { kind: 'list', of: { kind: 'object', fields } }, doc, ...rest }
}
