/** How the parts of a kubeconfig document are found. A part that is not of its kind counts as absent. */
import { objectsAt, textAt } from '../../config/document-fields.ts'
import { isObject, type JsonObject } from '../../json.ts'

/** `{name, [key]: object}` of a list: the object of the last entry with this name, as client-go takes it. */
export function entryNamed(document: JsonObject, list: string, name: string, key: string): JsonObject | undefined {
  const value = objectsAt(document, list).findLast((entry) => textAt(entry, 'name') === name)?.[key]
  return isObject(value) ? value : undefined
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
