import { KadmError } from '../errors.ts'
import { isTransient } from './api-error.ts'
import type { Cluster, KubernetesObject } from './cluster.ts'
import { kinds } from './kinds.ts'
import { listAt } from './object-fields.ts'
import { retryUntil, waitForObject, type TimeLimit } from './wait.ts'

export interface NodeTaint {
  readonly key: string
  readonly value?: string
  readonly effect: string
}

export interface NodeMarks {
  readonly labels: Readonly<Record<string, string>>
  /** Come before the Node's other taints, and replace those of the same key and effect. */
  readonly taints: readonly NodeTaint[]
}

/**
 * Waits until the kubelet has registered the Node (which shows in its hostname label), then adds labels and taints. Nothing is sent
 * when all are there.
 */
export async function markNode(cluster: Cluster, name: string, { labels, taints, ...wait }: NodeMarks & TimeLimit): Promise<void> {
  const start = performance.now()
  const ref = { ...kinds.node, name }
  let node: KubernetesObject | undefined = await waitForObject(
    cluster,
    ref,
    (object) => 'kubernetes.io/hostname' in (object.metadata.labels ?? {}),
    {
      ...wait,
      describe: `the Node "${name}" to be registered by its kubelet`,
    },
  )
  await retryUntil(
    async () => {
      node ??= await cluster.get(ref)
      if (!node) throw new Error(`the Node "${name}" was deleted`)
      const patch = marksMissing(node, { labels, taints })
      node = undefined
      if (patch) await cluster.patch(ref, patch, 'strategic')
    },
    {
      ...wait,
      timeout: Math.max(wait.timeout - (performance.now() - start), 1000),
      describe: `the Node "${name}" to be marked`,
      giveUp: (error) => error instanceof KadmError && !isTransient(error),
    },
  )
}

/** The patch, or `undefined` when nothing is missing. Taints are one list, replaced whole: they go with the version they were read at. */
function marksMissing({ metadata, spec }: KubernetesObject, { labels, taints }: NodeMarks): object | undefined {
  const missing = Object.entries(labels).filter(([key, value]) => metadata.labels?.[key] !== value)
  const before = taintsOf(spec)
  const after = [...taints, ...before.filter((taint) => !taints.some((own) => own.key === taint.key && own.effect === taint.effect))]
  const tainted = taints.every((own) =>
    before.some((taint) => taint.key === own.key && taint.effect === own.effect && (taint.value ?? '') === (own.value ?? '')),
  )
  if (missing.length === 0 && tainted) return undefined
  const { resourceVersion } = metadata
  return {
    metadata: {
      ...(missing.length > 0 && { labels: Object.fromEntries(missing) }),
      ...(!tainted && resourceVersion && { resourceVersion }),
    },
    ...(!tainted && { spec: { taints: after } }),
  }
}

export function taintsOf(spec: unknown): readonly NodeTaint[] {
  return listAt(spec, 'taints') as readonly NodeTaint[]
}
