import type { JsonObject } from '../json.ts'

import { byCodeUnit } from './static-pods/arguments.ts'

/** The proxy variables of an environment (`http_proxy`, `NO_PROXY`, ...: any name that ends so, in either case) as `env` entries. */
export function proxyVariables(environment: Readonly<Record<string, string>>): JsonObject[] {
  return Object.entries(environment)
    .filter(([name, value]) => name.toLowerCase().endsWith('_proxy') && value !== '')
    .map(([name, value]) => ({ name, value }))
}

/** One `env` list, sorted by name; of two entries with one name the later counts. */
export function mergeVariables(...lists: readonly (readonly JsonObject[])[]): JsonObject[] {
  const merged = new Map(lists.flat().map((entry) => [String(entry['name']), entry]))
  return [...merged.entries()].toSorted(([a], [b]) => byCodeUnit(a, b)).map(([, entry]) => withoutEmptyValue(entry))
}

// The API leaves an empty value out, and so the file does.
function withoutEmptyValue(entry: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(entry).filter(([key, value]) => key !== 'value' || value !== ''))
}
