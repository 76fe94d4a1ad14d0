/** A `Cluster` that changes nothing: reads what is really there, keeps what would be written, and answers as if it had been. */
import { ApiError } from './api-error.ts'
import { cannedObject } from './canned-objects.ts'
import type { Cluster, KubernetesObject, ListOptions, ObjectKind, ObjectRef } from './cluster.ts'
import { collectionPath, describeRef, kindOf, objectPath, refOf } from './kinds.ts'
import { isObject } from '../json.ts'
import { valueAt } from './object-fields.ts'

export interface PlannedCall {
  readonly verb: 'create' | 'replace' | 'patch' | 'delete' | 'evict' | 'approve'
  /** The plural, as in paths: `configmaps`. */
  readonly resource: string
  readonly apiVersion: string
  readonly name: string
  readonly namespace?: string
  /** The object or the patch; the values of a Secret are replaced by a note. Absent for a delete. */
  readonly object?: unknown
}

export interface RecordingCluster extends Cluster {
  /** What would have been sent, in order. */
  plan(): readonly PlannedCall[]
}

/**
 * Reads: first what was written here, then `real` where there is one, then `canned` (what a cluster would hold by then, such as the
 * Node that the kubelet registers). `real` is closed with it.
 */
export function recordingCluster(
  real: Cluster | undefined,
  {
    canned = cannedObject,
    server = real?.server ?? 'https://recording.invalid',
  }: { readonly canned?: typeof cannedObject; readonly server?: string } = {},
): RecordingCluster {
  const calls: PlannedCall[] = []
  /** By path; `undefined`: deleted. */
  const written = new Map<string, KubernetesObject | undefined>()

  async function get(ref: ObjectRef): Promise<KubernetesObject | undefined> {
    const path = objectPath(ref)
    if (written.has(path)) return written.get(path)
    return (await real?.get(ref)) ?? canned(ref)
  }

  async function list(kind: ObjectKind, options: ListOptions = {}): Promise<readonly KubernetesObject[]> {
    const found = new Map((await real?.list(kind, options))?.map((object) => [objectPath(refOf(object)), object]))
    const byName = /^metadata\.name=(.+)$/.exec(options.fieldSelector ?? '')?.[1]
    const given = byName === undefined || found.size > 0 ? undefined : canned({ ...kind, name: byName })
    if (given) found.set(objectPath(refOf(given)), given)
    for (const [path, object] of written) {
      if (object && isIn(object, kind) && matches(object, options)) found.set(path, object)
      else found.delete(path)
    }
    return [...found.values()]
  }

  function write(verb: PlannedCall['verb'], ref: ObjectRef, result: KubernetesObject | undefined, sent?: Partial<PlannedCall>): void {
    const { resource, apiVersion } = kindOf(ref)
    written.set(objectPath(ref), result)
    calls.push({ verb, resource, apiVersion, name: ref.name, ...(ref.namespace && { namespace: ref.namespace }), ...sent })
  }

  return {
    server,
    get,
    list,

    async create(object) {
      const ref = refOf(object)
      if (await get(ref))
        throw new ApiError(`create ${describeRef(ref)}`, { status: 409, reason: 'AlreadyExists', message: 'it already exists' })
      const result = settled(withUid(object))
      write('create', ref, result, { object: withoutSecrets(ref, object) })
      return result
    },

    async replace(object) {
      const ref = refOf(object)
      const before = await get(ref)
      if (!before) throw notFound('replace', ref)
      const result = withUid({ ...object, metadata: { ...(before.metadata.uid && { uid: before.metadata.uid }), ...object.metadata } })
      write('replace', ref, result, { object: withoutSecrets(ref, object) })
      return result
    },

    async patch(ref, patch, type) {
      const before =
        (await get(ref)) ?? (type === 'apply' ? { apiVersion: ref.apiVersion, kind: ref.kind, metadata: metaOf(ref) } : undefined)
      if (!before) throw notFound('patch', ref)
      // Close enough for the readers in a plan: lists are replaced, and a JSON patch is noted only.
      const result = type === 'json' ? before : (merged(before, patch) as KubernetesObject)
      write('patch', ref, result, { object: withoutSecrets(ref, patch) })
      return result
    },

    async delete(ref) {
      if (await get(ref)) write('delete', ref, undefined)
    },

    async evict(pod) {
      const ref = refOf(pod)
      if (await get(ref)) write('evict', ref, undefined)
    },

    approve: async (request) => write('approve', refOf(request), undefined),

    async *watch(kind, options) {
      for (const object of await list(kind, options)) yield { type: 'ADDED', object }
    },

    raw: async (path, options) => (real ? real.raw(path, options) : { status: 200, body: 'ok' }),
    close: async () => real?.close(),
    plan: () => [...calls],
  }
}

function metaOf({ name, namespace }: ObjectRef) {
  return { name, ...(namespace && { namespace }) }
}

function notFound(verb: string, ref: ObjectRef): ApiError {
  return new ApiError(`${verb} ${describeRef(ref)}`, { status: 404, reason: 'NotFound', message: 'it does not exist' })
}

/** Owner references need one; the API would give it. */
function withUid(object: KubernetesObject): KubernetesObject {
  return { ...object, metadata: { uid: '00000000-0000-0000-0000-000000000000', ...object.metadata } }
}

/** What the cluster would make of it: a Job is done. */
function settled(object: KubernetesObject): KubernetesObject {
  return object.kind === 'Job' ? { ...object, status: { conditions: [{ type: 'Complete', status: 'True' }] } } : object
}

function isIn({ apiVersion, kind, metadata }: KubernetesObject, wanted: ObjectKind): boolean {
  const where = { apiVersion, kind, ...(wanted.namespace && metadata.namespace && { namespace: metadata.namespace }) }
  return kind === wanted.kind && collectionPath(where) === collectionPath(wanted)
}

/** Selectors of the form `a=b,c=d`, which is all that kadm uses. */
function matches(object: KubernetesObject, { labelSelector, fieldSelector }: ListOptions): boolean {
  const pairs = (text = '') =>
    text
      .split(',')
      .filter(Boolean)
      .map((pair) => pair.split('=', 2))
  const labels = object.metadata.labels ?? {}
  return (
    pairs(labelSelector).every(([key = '', value]) => (value === undefined ? key in labels : labels[key] === value)) &&
    pairs(fieldSelector).every(([path = '', value]) => String(valueAt(object, path) ?? '') === value)
  )
}

function withoutSecrets({ kind }: ObjectRef, sent: unknown): unknown {
  if (kind !== 'Secret' || !isObject(sent)) return sent
  const hidden = (values: unknown) => isObject(values) && Object.fromEntries(Object.keys(values).map((key) => [key, '<redacted>']))
  return {
    ...sent,
    ...('data' in sent && { data: hidden(sent['data']) }),
    ...('stringData' in sent && { stringData: hidden(sent['stringData']) }),
  }
}

/** JSON merge patch (RFC 7396). */
function merged(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = merged(result[key], value)
  }
  return result
}
