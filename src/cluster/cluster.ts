/**
 * The `Cluster` door: one Kubernetes API. Real form: `api-client.ts`; `recording-cluster.ts` reads for real where there is
 * an API, writes into memory and keeps the plan.
 *
 * No call throttles itself. Calls that fail for want of a connection are not retried here: `wait.ts` does that with a deadline.
 */
export interface Cluster {
  /** `https://host:port` it talks to. */
  readonly server: string
  /** The object, or `undefined` when there is none. Other refusals throw ApiError (API_REFUSED); no connection throws API_UNREACHABLE. */
  get(ref: ObjectRef): Promise<KubernetesObject | undefined>
  list(kind: ObjectKind, options?: ListOptions): Promise<readonly KubernetesObject[]>
  /** Throws ApiError with reason `AlreadyExists` when it is there. */
  create(object: KubernetesObject): Promise<KubernetesObject>
  /** Replaces the whole object (PUT). */
  replace(object: KubernetesObject): Promise<KubernetesObject>
  patch(ref: ObjectRef, patch: unknown, type: PatchType): Promise<KubernetesObject>
  /** Nothing happens when it is not there. */
  delete(ref: ObjectRef): Promise<void>
  /**
   * Asks for the end of this very Pod, where no PodDisruptionBudget says no (then ApiError with status 429, whose message names it).
   * Resolves when it has been told to end, or is not there. Throws TypeError for a Pod without uid.
   */
  evict(pod: KubernetesObject): Promise<void>
  /**
   * Approves this very CertificateSigningRequest: throws ApiError with status 409 when it is no longer as it was read. `message`: for
   * whoever looks at it.
   */
  approve(request: KubernetesObject, message: string): Promise<void>
  /**
   * First all that is there (as `ADDED`), then each change, until the signal fires. Never throws: it reconnects by itself, and also tries
   * again after a refusal. A recording cluster ends it after what is there, since nothing else will come.
   */
  watch(kind: ObjectKind, options: WatchOptions): AsyncIterable<WatchEvent>
  /** GET of any path, for `/livez`, `/version`, `/metrics`: status and text, whatever the status. */
  raw(path: string, options?: { readonly signal?: AbortSignal }): Promise<{ readonly status: number; readonly body: string }>
  close(): Promise<void>
}

/** A kind as the API serves it. Everything kadm touches is in `kinds` of `kinds.ts`. */
export interface ObjectKind {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string
}

export interface ObjectRef extends ObjectKind {
  readonly name: string
}

export interface ListOptions {
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

export interface WatchOptions extends ListOptions {
  readonly signal: AbortSignal
  /** Is told of each failed try, so that whoever waits can say why. */
  readonly onFailure?: (error: unknown) => void
}

export type PatchType = 'strategic' | 'merge' | 'json' | 'apply'

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: KubernetesObject
}

export interface ObjectMeta {
  readonly name: string
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly resourceVersion?: string
  readonly uid?: string
  readonly ownerReferences?: readonly unknown[]
  readonly [field: string]: unknown
}

/** Any object of the API. Fields other than these are JSON data that the user of the object narrows. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
  readonly [field: string]: unknown
}
