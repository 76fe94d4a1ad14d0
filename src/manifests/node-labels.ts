import type { KubernetesObject } from '../cluster/cluster.ts'

/** Labels by which control-plane nodes are known. */
export const controlPlaneLabels = {
  'node-role.kubernetes.io/control-plane': '',
  'node.kubernetes.io/exclude-from-external-load-balancers': '',
} as const

/** The key of the taint that keeps other work away from them. */
export const controlPlaneTaint = 'node-role.kubernetes.io/control-plane'

export function isControlPlaneNode({ metadata }: KubernetesObject): boolean {
  return 'node-role.kubernetes.io/control-plane' in (metadata.labels ?? {})
}
