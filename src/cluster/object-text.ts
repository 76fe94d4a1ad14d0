/** What the API answers, as text, into objects. */
import { ApiError } from './api-error.ts'
import type { KubernetesObject } from './cluster.ts'
import type { Kind } from './kinds.ts'
import { isObject, parseJson } from '../json.ts'

/** Anything below 400 passes; else throws ApiError. `doing` completes "refused to …". */
export function parseObject({ status, body }: { readonly status: number; readonly body: string }, doing: string): KubernetesObject {
  if (status >= 400) throw refusal({ status, body }, doing)
  return asObject(parseJson(body), doing)
}

export interface ObjectList {
  readonly resourceVersion: string
  readonly items: readonly KubernetesObject[]
}

/** The API leaves kind and version out of the items; they are put back. */
export function parseList(
  answer: { readonly status: number; readonly body: string },
  { apiVersion, kind }: Kind,
  doing: string,
): ObjectList {
  const { items, metadata } = parseObject(answer, doing)
  if (!Array.isArray(items)) throw unexpected(doing)
  return {
    resourceVersion: metadata.resourceVersion ?? '',
    items: items.map((item: unknown) => asObject(isObject(item) ? { apiVersion, kind, ...item } : item, doing)),
  }
}

/** The API's Status, or what can be made of another text. */
export function refusal({ status, body }: { readonly status: number; readonly body: string }, doing: string): ApiError {
  const content = parseJson(body)
  if (!isObject(content)) return new ApiError(doing, { status, reason: '', message: body.trim().slice(0, 500) })
  return new ApiError(doing, {
    status,
    reason: typeof content['reason'] === 'string' ? content['reason'] : '',
    message: [content['message'], ...causesOf(status, content['details'])].filter((text) => typeof text === 'string').join(' '),
  })
}

/** Which PodDisruptionBudget says no is only there; other refusals say in their message what their causes are. */
function causesOf(status: number, details: unknown): readonly unknown[] {
  if (status !== 429 || !isObject(details) || !Array.isArray(details['causes'])) return []
  return details['causes'].map((cause: unknown) => (isObject(cause) ? cause['message'] : undefined))
}

/** NotFound of the object itself, not of its kind (which a young API server may not serve yet). */
export function isMissing({ status, body }: { readonly status: number; readonly body: string }, name: string): boolean {
  if (status !== 404) return false
  const content = parseJson(body)
  return isObject(content) && content['reason'] === 'NotFound' && isObject(content['details']) && content['details']['name'] === name
}

/** One line of a watch. */
export function parseEvent(line: string): { readonly type: string; readonly object: Readonly<Record<string, unknown>> } {
  const event = parseJson(line)
  if (!isObject(event) || typeof event['type'] !== 'string' || !isObject(event['object'])) throw unexpected('watch')
  return { type: event['type'], object: event['object'] }
}

/** An object of the API is known by its metadata; the rest is the reader's to narrow. */
export function asObject(value: unknown, doing: string): KubernetesObject {
  if (!isObject(value) || typeof value['kind'] !== 'string' || !isObject(value['metadata'])) throw unexpected(doing)
  return value as KubernetesObject
}

function unexpected(doing: string): ApiError {
  return new ApiError(doing, {
    status: 502,
    reason: 'UnexpectedAnswer',
    message: 'what came back is not an object of the Kubernetes API; is there a proxy in between?',
  })
}
