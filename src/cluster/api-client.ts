import type { Cluster, KubernetesObject, PatchType } from './cluster.ts'
import { collectionPath, describeRef, inNamespace, kindOf, objectPath, refOf } from './kinds.ts'
import { isMissing, parseList, parseObject, refusal } from './object-text.ts'
import { requester, type RequesterOptions } from './request.ts'
import { listQuery, watchObjects } from './watch.ts'

/** The options are plain values: what a kubeconfig says, read by the caller. */
export type ConnectOptions = RequesterOptions

/** The real `Cluster`. Nothing is sent before the first call; `close()` ends its watches and connections. */
export function connectCluster(options: ConnectOptions): Cluster {
  const { server, call, stream, close } = requester(options)
  const closed = new AbortController()

  return {
    server,

    async get(ref) {
      const answer = await call({ method: 'GET', path: objectPath(ref) })
      return isMissing(answer, ref.name) ? undefined : parseObject(answer, `get ${describeRef(ref)}`)
    },

    async list(kind, listOptions = {}) {
      const answer = await call({ method: 'GET', path: `${collectionPath(kind)}${listQuery(listOptions)}` })
      return parseList(answer, kindOf(kind), `list ${describeRef(kind)}`).items
    },

    async create(object) {
      const ref = inNamespace(refOf(object))
      return parseObject(await call({ method: 'POST', path: collectionPath(ref), body: object }), `create ${describeRef(ref)}`)
    },

    async replace(object) {
      const ref = refOf(object)
      return parseObject(await call({ method: 'PUT', path: objectPath(ref), body: object }), `replace ${describeRef(ref)}`)
    },

    async patch(ref, patch, type) {
      const { contentType, query } = patchTypes[type]
      const answer = await call({ method: 'PATCH', path: `${objectPath(ref)}${query}`, body: patch, contentType })
      return parseObject(answer, `patch ${describeRef(ref)}`)
    },

    async delete(ref) {
      const answer = await call({ method: 'DELETE', path: objectPath(ref) })
      if (answer.status >= 400 && !isMissing(answer, ref.name)) throw refusal(answer, `delete ${describeRef(ref)}`)
    },

    async evict(pod) {
      const ref = refOf(pod)
      const answer = await call({ method: 'POST', path: `${objectPath(ref)}/eviction`, body: evictionOf(pod) })
      // A Pod of its name that is not the one that was meant: that one is gone.
      if (answer.status >= 400 && !isMissing(answer, ref.name) && answer.status !== 409) throw refusal(answer, `evict ${describeRef(ref)}`)
    },

    async approve(request, message) {
      const ref = refOf(request)
      const answer = await call({ method: 'PUT', path: `${objectPath(ref)}/approval`, body: approved(request, message) })
      if (answer.status >= 400) throw refusal(answer, `approve ${describeRef(ref)}`)
    },

    watch(kind, watchOptions) {
      const signal = AbortSignal.any([watchOptions.signal, closed.signal])
      return watchObjects({ server, call, stream, close }, kind, { ...watchOptions, signal })
    },

    async raw(path, { signal } = {}) {
      const { status, body } = await call({ method: 'GET', path, signal })
      return { status, body }
    },

    async close() {
      closed.abort()
      close()
    },
  }
}

function approved(request: KubernetesObject, message: string): KubernetesObject {
  return { ...request, status: { conditions: [{ type: 'Approved', status: 'True', reason: 'KadmApproved', message }] } }
}

function evictionOf({ metadata: { name, namespace, uid } }: KubernetesObject): object {
  if (uid === undefined) throw new TypeError(`Pod ${name} has no uid`)
  return { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace }, deleteOptions: { preconditions: { uid } } }
}

const patchTypes: Readonly<Record<PatchType, { readonly contentType: string; readonly query: string }>> = {
  strategic: { contentType: 'application/strategic-merge-patch+json', query: '' },
  merge: { contentType: 'application/merge-patch+json', query: '' },
  json: { contentType: 'application/json-patch+json', query: '' },
  // JSON is YAML. Server-side apply takes over fields of others, as kubeadm's update does.
  apply: { contentType: 'application/apply-patch+yaml', query: '?fieldManager=kadm&force=true' },
}
