import type { Json } from '../config/model.ts'
import { isJsonObject, withoutNulls } from './json-value.ts'

/** Applies a JSON merge patch (RFC 7386): objects merge, `null` removes, all else replaces. */
export function mergePatch(original: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch
  if (!isJsonObject(original)) return withoutNulls(patch)
  const merged = { ...original }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else merged[key] = mergePatch(original[key], value)
  }
  return merged
}
