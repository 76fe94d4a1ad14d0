/** Outside data into a document of a table of fields: types checked, unknown fields found, `null` dropped. */
import { clip, tokenProblems } from './checks.ts'
import { durationNanoseconds, formatNanoseconds, isLongDuration } from './durations.ts'
import type { Field, ValueType } from './fields/field.ts'
import { nearestName } from './nearest-name.ts'
import { isObject, toJson, type Json, type JsonObject } from '../json.ts'

export interface Problem {
  /** `networking.serviceSubnet`, `bootstrapTokens.0.token`. */
  readonly path: string
  readonly text: string
}

export interface Decoded {
  readonly value: JsonObject
  /** Values of the wrong type: the document cannot be used. */
  readonly problems: readonly Problem[]
  /** Fields that no table knows, with the nearest known name. */
  readonly unknown: readonly Problem[]
}

/** `allowed`: further keys on the top level, such as apiVersion. */
export function decodeObject(fields: readonly Field[], value: unknown, allowed: readonly string[] = []): Decoded {
  const problems: Problem[] = []
  const unknown: Problem[] = []
  const decoded = object(fields, value, '', { problems, unknown, allowed })
  return { value: decoded ?? {}, problems, unknown }
}

export function child(path: string, name: string | number): string {
  return path === '' ? String(name) : `${path}.${name}`
}

interface Sink {
  readonly problems: Problem[]
  readonly unknown: Problem[]
  readonly allowed: readonly string[]
}

function object(fields: readonly Field[], value: unknown, path: string, sink: Sink): JsonObject | undefined {
  if (!isObject(value)) return mismatch('an object', value, path, sink)
  const result: Record<string, Json> = {}
  for (const [key, part] of Object.entries(value)) {
    const field = fields.find(({ name }) => name === key)
    const at = child(path, key)
    if (field === undefined) {
      if (path !== '' || !sink.allowed.includes(key)) sink.unknown.push({ path: at, text: unknownText(key, fields) })
      continue
    }
    if (part === null) continue
    const decoded = decodeValue(field.type, part, at, sink)
    if (decoded !== undefined) result[key] = decoded
  }
  return result
}

function unknownText(key: string, fields: readonly Field[]): string {
  const near = nearestName(
    key,
    fields.map(({ name }) => name),
  )
  return near === undefined ? 'is not a known field' : `is not a known field; is "${near}" meant?`
}

function decodeValue(type: ValueType, value: unknown, path: string, sink: Sink): Json | undefined {
  switch (type.kind) {
    case 'object':
      return object(type.fields, value, path, sink)
    case 'list':
      if (!Array.isArray(value)) return mismatch('a list', value, path, sink)
      return value.map(
        (item: unknown, index) => (item === null ? emptyValue(type.of) : decodeValue(type.of, item, child(path, index), sink)) ?? null,
      )
    case 'map':
      if (!isObject(value)) return mismatch('a map', value, path, sink)
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [
          key,
          (item === null ? emptyValue(type.of) : decodeValue(type.of, item, child(path, key), sink)) ?? null,
        ]),
      )
    case 'boolean':
      return typeof value === 'boolean' ? value : mismatch('true or false', value, path, sink)
    case 'integer':
      return integer(value, path, sink)
    case 'number':
      return typeof value === 'number' ? value : mismatch('a number', value, path, sink)
    case 'json':
      return toJson(value)
    default:
      if (typeof value === 'string') return text(type.kind, value, path, sink)
      // In quotes a bare number is no duration either.
      return type.kind === 'duration' ? mismatch('a duration such as 30s or 4m0s', value, path, sink) : notText(value, path, sink)
  }
}

/** What Go makes of `null` inside a list or map. */
function emptyValue(type: ValueType): Json {
  if (type.kind === 'object' || type.kind === 'map') return {}
  if (type.kind === 'list') return []
  if (type.kind === 'boolean') return false
  return type.kind === 'integer' || type.kind === 'number' ? 0 : ''
}

function integer(value: unknown, path: string, sink: Sink): number | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value)) return mismatch('a whole number', value, path, sink)
  if (value > 2 ** 31 - 1 || value < -(2 ** 31)) return mismatch('a number of 32 bits', value, path, sink)
  return value
}

function text(kind: 'string' | 'duration' | 'time' | 'token', value: string, path: string, sink: Sink): string | undefined {
  if (kind === 'duration') {
    const nanoseconds = durationNanoseconds(value)
    if (nanoseconds !== undefined) return formatNanoseconds(nanoseconds)
    const why = isLongDuration(value) ? 'is too long: at most 2562047h' : 'is not a duration such as 4m0s'
    sink.problems.push({ path, text: `"${clip(value)}" ${why}` })
    return undefined
  }
  if (kind === 'token') {
    // A secret: the value is not shown.
    for (const problem of tokenProblems(value)) sink.problems.push({ path, text: problem })
    return value
  }
  if (kind === 'time' && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)$/.test(value)) {
    return mismatch('a time such as 2030-01-31T12:00:00Z', value, path, sink)
  }
  return value
}

function mismatch(wanted: string, value: unknown, path: string, sink: Sink): undefined {
  sink.problems.push({ path, text: `must be ${wanted}, not ${describe(value)}` })
}

/** The value is not shown: it may be a key of digits only that lacks its quotes. */
function notText(value: unknown, path: string, sink: Sink): undefined {
  const given =
    typeof value === 'number' || typeof value === 'bigint' ? 'a number' : typeof value === 'boolean' ? 'true or false' : describe(value)
  const quotable = ['number', 'bigint', 'boolean'].includes(typeof value)
  sink.problems.push({ path, text: `must be a text, not ${given}${quotable ? ': put it in quotes' : ''}` })
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (isObject(value)) return 'an object'
  return typeof value === 'string' ? `the text "${clip(value)}"` : String(value)
}
