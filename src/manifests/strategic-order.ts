import type { Json } from '../config/model.ts'
import { isJsonObject } from './json-value.ts'

/** By what an item of a merging list is known: its merge key, or itself when it is a plain value. */
export function keyOf(item: Json | undefined, key: string): Json | undefined {
  return isJsonObject(item) ? item[key] : item
}

/** The items in the order of a list that names them all. */
export function inOrder(items: readonly Json[], order: readonly Json[], key: string): readonly Json[] {
  const places = placesOf(order, key)
  return items.toSorted((a, b) => (places.get(keyOf(a, key)) ?? 0) - (places.get(keyOf(b, key)) ?? 0))
}

/** Puts `left` into `right`: an item of `left` goes before the first item of `right` that follows it in `server`. Both keep their own order. */
export function mergeOrder(left: readonly Json[], right: readonly Json[], server: readonly Json[], key: string): readonly Json[] {
  const places = placesOf(server, key)
  const merged: Json[] = []
  let at = 0
  for (const item of right) {
    const limit = places.get(keyOf(item, key)) ?? -1
    for (let next = left[at]; next !== undefined && (places.get(keyOf(next, key)) ?? Infinity) < limit; next = left[at]) {
      merged.push(next)
      at++
    }
    merged.push(item)
  }
  return [...merged, ...left.slice(at)]
}

function placesOf(list: readonly Json[], key: string): ReadonlyMap<Json | undefined, number> {
  const places = new Map<Json | undefined, number>()
  for (const [index, item] of list.entries()) if (!places.has(keyOf(item, key))) places.set(keyOf(item, key), index)
  return places
}
