/** Labels and taints of a Node as they were before kadm set them. */
import type { MarkChange, NodeMarkChange } from '../host/journal/journal-file.ts'
import type { Cluster, KubernetesObject } from './cluster.ts'
import { kinds } from './kinds.ts'
import { taintsOf, type NodeTaint } from './mark-node.ts'

/** What these marks would change on the Node. */
export function marksBefore(
  node: KubernetesObject,
  { labels, taints }: { readonly labels: Readonly<Record<string, string>>; readonly taints: readonly NodeTaint[] },
): NodeMarkChange {
  const now = taintsByKey(node)
  return {
    node: node.metadata.name,
    labels: Object.fromEntries(Object.entries(labels).flatMap(([key, after]) => changed(key, node.metadata.labels?.[key], after))),
    taints: Object.fromEntries(taints.flatMap((taint) => changed(keyOf(taint), now.get(keyOf(taint)), taint.value ?? ''))),
  }
}

/** @returns what is left as it is, since somebody changed it in the meantime. A Node that is gone needs nothing. */
export async function restoreMarks(cluster: Cluster, { node: name, labels, taints }: NodeMarkChange): Promise<readonly string[]> {
  const ref = { ...kinds.node, name }
  const node = await cluster.get(ref)
  if (node === undefined) return []
  const now = taintsByKey(node)
  const ours = Object.entries(labels).filter(([key, { after }]) => node.metadata.labels?.[key] === after)
  const oursOfTaints = new Map(Object.entries(taints).filter(([key, { after }]) => now.get(key) === after))
  const restored = taintsOf(node['spec']).flatMap((taint) => {
    const was = oursOfTaints.get(keyOf(taint))
    if (was === undefined) return [taint]
    const { key, effect } = taint
    return was.before === null ? [] : [{ key, effect, ...(was.before !== '' && { value: was.before }) }]
  })
  const { resourceVersion } = node.metadata
  const patch = {
    metadata: {
      ...(ours.length > 0 && { labels: Object.fromEntries(ours.map(([key, { before }]) => [key, before])) }),
      ...(oursOfTaints.size > 0 && { resourceVersion }),
    },
    ...(oursOfTaints.size > 0 && { spec: { taints: restored } }),
  }
  if (ours.length > 0 || oursOfTaints.size > 0) await cluster.patch(ref, patch, 'merge')
  const foreign = [
    ...Object.entries(labels).filter(([key, { before, after }]) => ![before ?? undefined, after].includes(node.metadata.labels?.[key])),
    ...Object.entries(taints).filter(([key, { before, after }]) => ![before ?? undefined, after].includes(now.get(key))),
  ]
  return foreign.map(([key]) => `"${key}" of the Node "${name}" is left as it is: it was changed since`)
}

function changed(key: string, before: string | undefined, after: string): readonly (readonly [string, MarkChange])[] {
  return before === after ? [] : [[key, { before: before ?? null, after }]]
}

function taintsByKey({ spec }: KubernetesObject): ReadonlyMap<string, string> {
  return new Map(taintsOf(spec).map((taint) => [keyOf(taint), taint.value ?? '']))
}

function keyOf({ key, effect }: NodeTaint): string {
  return `${key}:${effect}`
}
