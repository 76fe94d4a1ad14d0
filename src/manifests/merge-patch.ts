import { isObject, withoutNulls, type Json } from '../json.ts'

/** Applies a JSON merge patch (RFC 7386): objects merge, `null` removes, all else replaces. */
export function mergePatch(original: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch
  if (!isObject(original)) return withoutNulls(patch)
  const merged = { ...original }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else merged[key] = mergePatch(original[key], value)
  }
  return merged
}
