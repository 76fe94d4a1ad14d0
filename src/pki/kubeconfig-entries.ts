/** How the parts of a kubeconfig document are found. A part that is not of its kind counts as absent. */
import type { Json, JsonObject } from '../config/model.ts'

/** `{name, [key]: object}` of a list: the object of the last entry with this name, as client-go takes it. */
export function entryNamed(document: JsonObject, list: string, name: string, key: string): JsonObject | undefined {
  const entry = listAt(document, list).findLast((candidate) => isObject(candidate) && textAt(candidate, 'name') === name)
  const value = isObject(entry) ? entry[key] : undefined
  return isObject(value) ? value : undefined
}

export function listAt(document: JsonObject, key: string): readonly Json[] {
  const list = document[key]
  return Array.isArray(list) ? list : []
}

/** '' where there is none. */
export function textAt(object: JsonObject, key: string): string {
  const value = object[key]
  return typeof value === 'string' ? value : ''
}

/** The text of a base64 field; '' where there is none. Throws an Error for what is not base64 throughout, as Go does. */
export function dataAt(object: JsonObject, key: string): string {
  const data = textAt(object, key).replaceAll(/[\r\n]/g, '')
  const bytes = Buffer.from(data, 'base64')
  if (bytes.toString('base64') !== data) throw new Error(`${key} is not base64`)
  return bytes.toString('utf8')
}

/** What `dataAt` reads. */
export function base64Of(text: string): string {
  return Buffer.from(text).toString('base64')
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
