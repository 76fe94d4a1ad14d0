import { isObject, type Json } from '../json.ts'

/** By what an item of a merging list is known: its merge key, or itself when it is a plain value. */
export function keyOf(item: Json | undefined, key: string): Json | undefined {
  return isObject(item) ? item[key] : item
}

/**
 * The items in the order of a list that names them all. Last come those that an earlier patch brought with a `$patch: delete` which had
 * nothing to delete: apimachinery keeps them, and puts them there.
 */
export function inOrder(items: readonly Json[], order: readonly Json[], key: string): readonly Json[] {
  const places = placesOf(order, key)
  const place = (item: Json): number => (isObject(item) && item['$patch'] === 'delete' ? Infinity : (places.get(keyOf(item, key)) ?? 0))
  return items.toSorted((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)))
}

/**
 * Puts `left` into `right`: an item of `left` goes before the first item of `right` that follows it in `server`. Both keep their own order.
 */
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
