import { isJsonArray, isObject, withoutNulls, type Json, type JsonObject } from '../json.ts'

import type { MergeFields } from './merge-keys.ts'
import { inOrder, keyOf, mergeOrder } from './strategic-order.ts'

/**
 * Applies a strategic merge patch with its directives `$patch`, `$retainKeys`, `$setElementOrder/<list>` and
 * `$deleteFromPrimitiveList/<list>`, with the results of k8s.io/apimachinery. Throws Error for a patch that does not fit.
 */
export function strategicMerge(original: JsonObject, patch: JsonObject, fields: MergeFields): JsonObject {
  const directive = patch['$patch']
  if (directive === 'replace') return without(patch, '$patch')
  if (directive === 'delete') return {}
  if (directive !== undefined) throw new Error(`"$patch: ${String(directive)}" is unknown; it is "replace" or "delete"`)

  const merged: Record<string, Json> = { ...retainKeys(original, patch) }
  const left: Record<string, Json> = { ...without(patch, '$retainKeys') }
  for (const [name, order] of Object.entries(patch)) {
    const list = after('$setElementOrder/', name)
    if (list === undefined) continue
    delete left[name]
    const items = withElementOrder(merged[list], left[list], order, list, fields)
    if (items === undefined) continue
    merged[list] = items
    delete left[list]
  }
  for (const [name, value] of Object.entries(left)) mergeMember(merged, name, value, fields)
  return merged
}

function mergeMember(merged: Record<string, Json>, name: string, value: Json, fields: MergeFields): void {
  const deletionsOf = after('$deleteFromPrimitiveList/', name)
  if (deletionsOf !== undefined) {
    const list = merged[deletionsOf]
    if (isJsonArray(list) && isJsonArray(value)) merged[deletionsOf] = list.filter((item) => !value.includes(item))
    return
  }
  if (value === null) {
    delete merged[name]
    return
  }
  const current = merged[name]
  const field = fields[name]
  if (isObject(current) && isObject(value)) merged[name] = strategicMerge(current, value, field?.fields ?? {})
  else if (isJsonArray(current) && isJsonArray(value))
    merged[name] = field?.key === undefined ? value : mergeLists(current, value, field.key, field.fields ?? {})
  else {
    const plain = withoutDirectives(withoutNulls(value))
    if (plain === undefined) delete merged[name]
    else merged[name] = plain
  }
}

/** Of the original, only what `$retainKeys` names. */
function retainKeys(original: JsonObject, patch: JsonObject): JsonObject {
  const retained = patch['$retainKeys']
  if (retained === undefined) return original
  if (!isJsonArray(retained)) throw new Error('"$retainKeys" is not a list')
  for (const [name, value] of Object.entries(patch)) {
    if (value === null || name.startsWith('$')) continue
    if (!retained.includes(name)) throw new Error(`"$retainKeys" does not name "${name}", which the patch sets`)
  }
  return Object.fromEntries(Object.entries(original).filter(([name]) => retained.includes(name)))
}

/** The list with its items in the order that the patch wants; `undefined` when there is no list at all. */
function withElementOrder(
  current: Json | undefined,
  patch: Json | undefined,
  order: Json,
  name: string,
  fields: MergeFields,
): Json | undefined {
  if (!isJsonArray(order)) throw new Error(`"$setElementOrder/${name}" is not a list`)
  if (current === undefined && patch === undefined) return undefined
  if (current !== undefined && !isJsonArray(current)) throw new Error(`"${name}" is not a list`)
  if (patch !== undefined && !isJsonArray(patch)) throw new Error(`"${name}" of the patch is not a list`)
  const { key = '', fields: itemFields = {} } = fields[name] ?? {}
  requireOrder(patch ?? [], order, key, name)
  const server = current ?? []
  const merged =
    current === undefined
      ? plainItems(patch ?? [])
      : patch === undefined
        ? current
        : mergeByStrategy(current, patch, fields[name]?.key, itemFields)
  const wanted = new Set(order.map((item) => keyOf(item, key)))
  const [inPatch, others] = partition(merged, (item) => wanted.has(keyOf(item, key)))
  return mergeOrder(inOrder(others, server, key), inOrder(inPatch, order, key), server, key)
}

function mergeByStrategy(current: readonly Json[], patch: readonly Json[], key: string | undefined, fields: MergeFields): readonly Json[] {
  return key === undefined ? patch : mergeLists(current, patch, key, fields)
}

// What the patch sets must stand in the order list, in the same order: else the patch says two things.
function requireOrder(patch: readonly Json[], order: readonly Json[], key: string, name: string): void {
  if (order.length === 0) return
  const items = patch.filter((item) => directiveOf(item) !== 'delete')
  let next = 0
  for (let place = 0; next < items.length && place < order.length; next++) {
    if (directiveOf(items[next]) !== undefined) continue
    while (place < order.length && keyOf(order[place], key) !== keyOf(items[next], key)) place++
    if (place++ === order.length) break
  }
  if (next < items.length) throw new Error(`the items of "${name}" do not stand in the order of "$setElementOrder/${name}"`)
}

function directiveOf(item: Json | undefined): Json | undefined {
  return isObject(item) ? item['$patch'] : undefined
}

function mergeLists(original: readonly Json[], patch: readonly Json[], key: string, fields: MergeFields): readonly Json[] {
  const all = [...original, ...patch]
  if (all.length === 0) return original
  const objects = all.filter(isObject).length
  if (objects !== 0 && objects !== all.length) throw new Error('a list holds items of different types')
  if (objects === 0) return ordered([...new Set(all)], patch, original, '')
  if (key === '') throw new Error('a list of objects cannot be merged here')
  const { kept, items } = applyItemDirectives(original.filter(isObject), patch.filter(isObject), key)
  return ordered(mergeItems(kept, items, key, fields), items, kept, key)
}

/** Carries out `$patch: delete` and `$patch: replace` of list items. */
function applyItemDirectives(original: readonly JsonObject[], patch: readonly JsonObject[], key: string) {
  const items = patch.filter((item) => item['$patch'] === undefined)
  let kept = original
  let replaced = false
  for (const item of patch) {
    const directive = item['$patch']
    if (directive === undefined) continue
    if (directive === 'replace') replaced = true
    else if (directive === 'delete') {
      const value = requireKey(item, key)
      kept = kept.filter((other) => other[key] !== value)
    } else throw new Error(`"$patch: ${String(directive)}" is not possible in a list`)
  }
  return replaced ? { kept: items, items: [] } : { kept, items }
}

function mergeItems(
  original: readonly JsonObject[],
  patch: readonly JsonObject[],
  key: string,
  fields: MergeFields,
): readonly JsonObject[] {
  const merged = [...original]
  for (const item of patch) {
    const value = requireKey(item, key)
    const at = merged.findIndex((other) => other[key] === value)
    const found = merged[at]
    if (found === undefined) merged.push(item)
    else merged[at] = strategicMerge(found, item, fields)
  }
  return merged
}

/** Items that the patch names stand in its order, the others in the original's, woven together as far as the original tells. */
function ordered(merged: readonly Json[], patch: readonly Json[], original: readonly Json[], key: string): readonly Json[] {
  for (const item of merged) if (isObject(item)) requireKey(item, key)
  const named = new Set(patch.map((item) => keyOf(item, key)))
  const [inPatch, others] = partition(merged, (item) => named.has(keyOf(item, key)))
  return mergeOrder(inOrder(others, original, key), inOrder(inPatch, patch, key), original, key)
}

function requireKey(item: JsonObject, key: string): Json {
  const value = item[key]
  if (value === undefined) throw new Error(`an item of a list lacks "${key}", by which items are told apart: ${JSON.stringify(item)}`)
  return value
}

function partition(items: readonly Json[], test: (item: Json) => boolean): [Json[], Json[]] {
  return [items.filter(test), items.filter((item) => !test(item))]
}

function plainItems(items: readonly Json[]): readonly Json[] {
  return items.map(withoutDirectives).filter((item) => item !== undefined)
}

/** A new value as it is, but for parts that only say what to do with something that is not there. */
function withoutDirectives(value: Json): Json | undefined {
  if (isJsonArray(value)) return plainItems(value)
  if (!isObject(value)) return value
  if (value['$patch'] !== undefined) return undefined
  const members = Object.entries(value).map(([name, child]) => [name, withoutDirectives(child)] as const)
  return Object.fromEntries(members.filter((member): member is readonly [string, Json] => member[1] !== undefined))
}

function without(object: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([other]) => other !== name))
}

function after(prefix: string, name: string): string | undefined {
  return name.startsWith(prefix) ? name.slice(prefix.length) : undefined
}
