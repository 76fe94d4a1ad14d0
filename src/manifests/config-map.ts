import { createHash } from 'node:crypto'
import type { KubernetesObject } from '../cluster/cluster.ts'
import { isObject } from '../json.ts'
import type { Manifest } from './manifest.ts'
import { byCodeUnit } from './static-pods/arguments.ts'

/** Annotation with the checksum of a configuration that nobody wrote by hand: upgrades may replace it as long as the checksum fits. */
const componentConfigHashAnnotation = 'kubeadm.kubernetes.io/component-config.hash'

export interface ConfigMapOptions {
  readonly namespace: string
  readonly labels?: Readonly<Record<string, string>>
  /** Adds the checksum. */
  readonly signed?: boolean
}

export function configMap(
  name: string,
  data: Readonly<Record<string, string>>,
  { namespace, labels, signed = false }: ConfigMapOptions,
): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace,
      ...(labels === undefined ? {} : { labels }),
      ...(signed ? { annotations: { [componentConfigHashAnnotation]: configMapHash(data) } } : {}),
    },
    data,
  }
}

/** Has nobody changed it since an installer wrote it? */
export function isSigned({ metadata, data }: KubernetesObject): boolean {
  const texts = isObject(data) ? Object.fromEntries(Object.entries(data).map(([key, value]) => [key, String(value)])) : {}
  return metadata.annotations?.[componentConfigHashAnnotation] === configMapHash(texts)
}

/** The checksum that kubeadm compares: over the values in the order of their keys. */
export function configMapHash(data: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256')
  for (const [, value] of Object.entries(data).toSorted(([a], [b]) => byCodeUnit(a, b))) hash.update(value)
  return `sha256:${hash.digest('hex')}`
}
