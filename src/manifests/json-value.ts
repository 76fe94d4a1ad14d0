/** JSON as data: narrowing, without trusting it. */
import type { Json, JsonObject } from '../config/model.ts'

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !isJsonArray(value)
}

export function isJsonArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

/** The objects of a list; none when it is no list. */
export function objectsIn(value: Json | undefined): readonly JsonObject[] {
  return isJsonArray(value) ? value.filter(isJsonObject) : []
}

/**
 * What a YAML parser returned, as JSON. Integers beyond 2^53 lose their last digits, as they do for everyone who reads them with
 * JavaScript.
 */
export function toJson(value: unknown): Json {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, toJson(child)]))
  return null
}

/** Equal as data: the order of keys does not count, that of lists does. `isSame`: of what is neither. */
export function equalJson(
  a: Json | undefined,
  b: Json | undefined,
  isSame: (a: Json | undefined, b: Json | undefined) => boolean = (one, other) => one === other,
): boolean {
  if (isJsonArray(a)) return isJsonArray(b) && a.length === b.length && a.every((item, index) => equalJson(item, b[index], isSame))
  if (!isJsonObject(a) || !isJsonObject(b)) return isSame(a, b)
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equalJson(a[key], b[key], isSame))
}

/** Without the members that are null, at any depth. Items of lists stay. */
export function withoutNulls(value: Json): Json {
  if (isJsonArray(value)) return value.map(withoutNulls)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, child]) => child !== null)
      .map(([key, child]) => [key, withoutNulls(child)]),
  )
}
