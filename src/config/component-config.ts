/** KubeletConfiguration and KubeProxyConfiguration documents: read what the user gave, print what the cluster keeps. */
import type { Json, JsonObject } from '../json.ts'
import { fillFields } from './defaults.ts'
import { decodeObject, type Decoded } from './decode.ts'
import type { ConfigDocument } from './documents.ts'
import type { Field } from './fields/field.ts'
import { kubeProxyFields } from './fields/kube-proxy-fields.ts'
import { kubeletFields } from './fields/kubelet-fields.ts'
import { printedObject } from './print.ts'

export interface ComponentKind {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly fields: readonly Field[]
}

export const kubeletKind: ComponentKind = {
  group: 'kubelet.config.k8s.io',
  version: 'v1beta1',
  kind: 'KubeletConfiguration',
  fields: kubeletFields,
}
export const kubeProxyKind: ComponentKind = {
  group: 'kubeproxy.config.k8s.io',
  version: 'v1alpha1',
  kind: 'KubeProxyConfiguration',
  fields: kubeProxyFields,
}
/** In the order of kubeadm. */
export const componentKinds: readonly ComponentKind[] = [kubeProxyKind, kubeletKind]

/** The part of a component document that kadm knows; `unknown` holds the rest. */
export function decodeComponent(kind: ComponentKind, document: ConfigDocument): Decoded {
  return decodeObject(kind.fields, document.content, ['apiVersion', 'kind'])
}

/** The whole document as Go prints it, zero values and all. */
export function printedComponent({ group, version, kind, fields }: ComponentKind, document: JsonObject): JsonObject {
  return { apiVersion: `${group}/${version}`, kind, ...printedObject(fields, fillFields(fields, document)) }
}

/** kubeadm's value where the user gave none; a warning where the user's differs. */
export function guarded(
  { kind }: ComponentKind,
  path: string,
  given: Json | undefined,
  recommended: Json,
): { readonly value: Json; readonly warnings: readonly string[] } {
  if (given === undefined || given === '') return { value: recommended, warnings: [] }
  const same = JSON.stringify(given) === JSON.stringify(recommended)
  return {
    value: given,
    warnings: same ? [] : [`${kind}: ${path} is ${JSON.stringify(given)}; recommended is ${JSON.stringify(recommended)}`],
  }
}
