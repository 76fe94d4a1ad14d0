/** JSON as data: what came from outside is taken apart without trusting it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** `undefined` for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Neither a list nor `null`. That of a YAML parser counts too, though it may hold the large integers that `toJson` is for. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isJsonArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

/** `undefined` where there is no object, or none of its own fields has that name. */
export function fieldOf(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
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
  if (!isObject(a) || !isObject(b)) return isSame(a, b)
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equalJson(a[key], b[key], isSame))
}

/** Without the members that are null, at any depth. Items of lists stay. */
export function withoutNulls(value: Json): Json {
  if (isJsonArray(value)) return value.map(withoutNulls)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, child]) => child !== null)
      .map(([key, child]) => [key, withoutNulls(child)]),
  )
}
