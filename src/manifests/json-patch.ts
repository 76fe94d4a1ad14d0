import { equalJson, isJsonArray, isObject, type Json, type JsonObject } from '../json.ts'

/**
 * Applies a JSON patch (RFC 6902). As with kubeadm, and beyond the RFC: `replace` of an absent member of an object adds it, and a negative
 * index counts from the end of a list. Throws Error with the operation that does not fit.
 */
export function jsonPatch(original: Json, patch: Json): Json {
  if (!isJsonArray(patch)) throw new Error('a JSON patch is a list of operations')
  return patch.reduce((document, operation, index) => {
    if (!isObject(operation)) throw new Error(`operation ${index + 1} is not an object`)
    try {
      return apply(document, operation)
    } catch (error) {
      const at = `operation ${index + 1} (${String(operation['op'])} ${String(operation['path'])})`
      throw new Error(`${at}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }, original)
}

function apply(document: Json, operation: JsonObject): Json {
  const value = operation['value'] ?? null
  switch (operation['op']) {
    case 'add':
      return add(document, pointer(operation, 'path'), value)
    case 'remove':
      return remove(document, pointer(operation, 'path'))
    case 'replace':
      return replace(document, pointer(operation, 'path'), value)
    case 'move': {
      const from = pointer(operation, 'from')
      return add(remove(document, from), pointer(operation, 'path'), find(document, from))
    }
    case 'copy':
      return add(document, pointer(operation, 'path'), find(document, pointer(operation, 'from')))
    case 'test':
      if (equalJson(find(document, pointer(operation, 'path')), value)) return document
      throw new Error('the value there is another one')
    default:
      throw new Error('there is no such operation')
  }
}

/** The keys of a JSON pointer (RFC 6901); none for the whole document. */
function pointer(operation: JsonObject, field: 'path' | 'from'): string[] {
  const text = operation[field]
  if (typeof text !== 'string') throw new Error(`"${field}" is missing`)
  if (text !== '' && !text.startsWith('/')) throw new Error(`"${field}" does not begin with a slash`)
  return text
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function find(document: Json, keys: readonly string[]): Json {
  return keys.reduce<Json>((value, key) => {
    if (isJsonArray(value)) return value[place(value, key)] ?? null
    if (isObject(value)) return Object.hasOwn(value, key) ? (value[key] ?? null) : null
    throw new Error('there is no such path')
  }, document)
}

function add(document: Json, keys: readonly string[], value: Json): Json {
  return atParent(document, keys, {
    object: (parent, key) => ({ ...parent, [key]: value }),
    list: (parent, key) => parent.toSpliced(key === '-' ? parent.length : place([...parent, null], key), 0, value),
  })
}

function remove(document: Json, keys: readonly string[]): Json {
  return atParent(document, keys, {
    object(parent, key) {
      if (!Object.hasOwn(parent, key)) throw new Error('there is no such member')
      return Object.fromEntries(Object.entries(parent).filter(([name]) => name !== key))
    },
    list: (parent, key) => parent.toSpliced(place(parent, key), 1),
  })
}

function replace(document: Json, keys: readonly string[], value: Json): Json {
  if (keys.length === 0) return value
  return atParent(document, keys, {
    object: (parent, key) => ({ ...parent, [key]: value }),
    list: (parent, key) => parent.with(place(parent, key), value),
  })
}

interface Change {
  readonly object: (parent: JsonObject, key: string) => Json
  readonly list: (parent: readonly Json[], key: string) => Json
}

/** The document with the object or list that holds the last key changed. */
function atParent(document: Json, [key, ...rest]: readonly string[], change: Change): Json {
  if (key === undefined) throw new Error('this operation needs a path')
  if (isJsonArray(document)) {
    if (rest.length === 0) return change.list(document, key)
    const index = place(document, key)
    return document.with(index, atParent(document[index] ?? null, rest, change))
  }
  if (!isObject(document)) throw new Error('there is no such path')
  if (rest.length === 0) return change.object(document, key)
  return { ...document, [key]: atParent(Object.hasOwn(document, key) ? (document[key] ?? null) : null, rest, change) }
}

function place(list: readonly Json[], key: string): number {
  const index = /^[-+]?\d+$/.test(key) ? Number(key) : NaN
  const fromStart = index < 0 ? index + list.length : index
  if (!(fromStart >= 0 && fromStart < list.length)) throw new Error(`the list has no place "${key}"`)
  return fromStart
}
