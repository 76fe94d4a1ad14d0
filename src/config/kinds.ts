/** The kinds of kubeadm.k8s.io/v1beta4, each with its table of fields. */
import { clusterFields } from './fields/cluster-fields.ts'
import type { Field } from './fields/field.ts'
import { initFields, joinFields, resetFields, upgradeFields } from './fields/node-fields.ts'

export const kubeadmGroup = 'kubeadm.k8s.io'
export const kubeadmVersion = 'v1beta4'
export const kubeadmApiVersion = `${kubeadmGroup}/${kubeadmVersion}`

export const kinds = {
  InitConfiguration: initFields,
  ClusterConfiguration: clusterFields,
  JoinConfiguration: joinFields,
  ResetConfiguration: resetFields,
  UpgradeConfiguration: upgradeFields,
} as const satisfies Readonly<Record<string, readonly Field[]>>

export type KindName = keyof typeof kinds

export function isKindName(name: string): name is KindName {
  return Object.hasOwn(kinds, name)
}
