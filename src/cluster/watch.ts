/** List, then watch from there; for ever, whatever happens to the connection. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError, isRefusal } from './api-error.ts'
import type { KubernetesObject, ListOptions, ObjectKind, WatchEvent, WatchOptions } from './cluster.ts'
import { collectionPath, describeRef, kindOf } from './kinds.ts'
import { asObject, parseEvent, parseList, refusal } from './object-text.ts'
import type { Requester } from './request.ts'

/** Ends without an error when the signal fires. Failures are told to `onFailure` and tried again after 20 ms, growing to 500 ms. */
export async function* watchObjects(requester: Requester, kind: ObjectKind, options: WatchOptions): AsyncIterable<WatchEvent> {
  const known = new Map<string, KubernetesObject>()
  let resourceVersion: string | undefined
  let pause = 20
  while (!options.signal.aborted) {
    try {
      if (resourceVersion === undefined) {
        const list = await listForWatch(requester, kind, options)
        yield* differences(known, list.items)
        resourceVersion = list.resourceVersion
      }
      for await (const event of oneWatch(requester, kind, resourceVersion, options)) {
        pause = 20
        resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion
        if (event.type === 'BOOKMARK') continue
        if (event.type === 'DELETED') known.delete(keyOf(event.object))
        else known.set(keyOf(event.object), event.object)
        yield { type: event.type, object: event.object }
      }
    } catch (error) {
      if (options.signal.aborted) return
      // 410: the API has forgotten the version that we know. What happened meanwhile shows in a fresh list.
      if (isRefusal(error, 'Expired', 'Gone') || (error instanceof ApiError && error.status === 410)) resourceVersion = undefined
      else options.onFailure?.(error)
    }
    // Also after an end without an error: a proxy that ends every watch at once must not make this spin.
    await sleep(pause, undefined, { signal: options.signal }).catch(() => undefined)
    pause = Math.min(pause * 2, 500)
  }
}

// The server ends a watch after `timeoutSeconds`, with a bookmark, and sends one each minute: longer silence is a dead connection.
const watchSeconds = 300
const silence = 90_000

async function listForWatch(requester: Requester, kind: ObjectKind, options: WatchOptions) {
  const path = `${collectionPath(kind)}${listQuery(options)}`
  const answer = await requester.call({ method: 'GET', path, signal: options.signal })
  return parseList(answer, kindOf(kind), `list ${describeRef(kind)}`)
}

interface RawEvent {
  readonly type: WatchEvent['type'] | 'BOOKMARK'
  readonly object: KubernetesObject
}

async function* oneWatch(requester: Requester, kind: ObjectKind, resourceVersion: string, options: WatchOptions): AsyncIterable<RawEvent> {
  const doing = `watch ${describeRef(kind)}`
  const query = listQuery(options, {
    watch: '1',
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(watchSeconds),
    resourceVersion,
  })
  const path = `${collectionPath(kind)}${query}`
  const { status, chunks } = await requester.stream({ method: 'GET', path, signal: options.signal }, silence)
  if (status >= 400) {
    let body = ''
    for await (const chunk of chunks) body += chunk
    throw refusal({ status, body }, doing)
  }
  for await (const line of linesOf(chunks)) {
    const { type, object } = parseEvent(line)
    if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED' || type === 'BOOKMARK')
      yield { type, object: asObject(object, doing) }
    else throw refusal({ status: Number(object['code'] ?? 500), body: JSON.stringify(object) }, doing)
  }
}

async function* linesOf(chunks: AsyncIterable<string>): AsyncIterable<string> {
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    yield* lines.filter((line) => line !== '')
  }
}

/** What a list tells beyond what is known; `known` is brought up to date. */
function* differences(known: Map<string, KubernetesObject>, items: readonly KubernetesObject[]): Iterable<WatchEvent> {
  const now = new Map(items.map((object) => [keyOf(object), object]))
  const gone = [...known].filter(([key]) => !now.has(key))
  for (const [key, object] of gone) {
    known.delete(key)
    yield { type: 'DELETED', object }
  }
  for (const [key, object] of now) {
    const before = known.get(key)
    known.set(key, object)
    if (!before) yield { type: 'ADDED', object }
    else if (before.metadata.resourceVersion !== object.metadata.resourceVersion) yield { type: 'MODIFIED', object }
  }
}

function keyOf({ metadata }: KubernetesObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}

/** `?a=b&…`, or nothing. */
export function listQuery({ labelSelector, fieldSelector }: ListOptions, more: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams({
    ...(labelSelector && { labelSelector }),
    ...(fieldSelector && { fieldSelector }),
    ...more,
  }).toString()
  return query && `?${query}`
}
