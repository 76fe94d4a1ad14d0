/** Fields of a document by their names. What is not there, or is of another type, is empty. */
import { isJsonArray, isObject, type Json, type JsonObject } from '../json.ts'
import { parseDuration } from './durations.ts'
import type { Taint } from './model.ts'

export function part(document: JsonObject, name: string): JsonObject {
  const value = document[name]
  return isObject(value) ? value : {}
}

export function textAt(document: JsonObject, name: string): string {
  const value = document[name]
  return typeof value === 'string' ? value : ''
}

export function flagAt(document: JsonObject, name: string): boolean {
  return document[name] === true
}

/** Milliseconds. */
export function durationAt(document: JsonObject, name: string): number {
  return parseDuration(textAt(document, name)) ?? 0
}

export function listAt(document: JsonObject, name: string): readonly Json[] {
  const value = document[name]
  return isJsonArray(value) ? value : []
}

export function textsAt(document: JsonObject, name: string): readonly string[] {
  return listAt(document, name).filter((item) => typeof item === 'string')
}

export function objectsAt(document: JsonObject, name: string): readonly JsonObject[] {
  return listAt(document, name).filter(isObject)
}

export function toTaint(document: JsonObject): Taint {
  const value = textAt(document, 'value')
  return { key: textAt(document, 'key'), ...(value !== '' && { value }), effect: textAt(document, 'effect') }
}
