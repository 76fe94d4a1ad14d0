import type { KubernetesObject, ObjectRef } from './cluster.ts'

/** What a new cluster will hold by the time that a phase looks for it, though no phase makes it: the Node that a kubelet registers. */
export function cannedObject({ kind, name }: ObjectRef): KubernetesObject | undefined {
  if (kind !== 'Node') return undefined
  return { apiVersion: 'v1', kind, metadata: { name, labels: { 'kubernetes.io/hostname': name } }, spec: {} }
}
