import { accessObjects, accessRules } from './access-rules.ts'
import type { Manifest } from './manifest.ts'

/** The short-lived token that takes the Secret with it. */
export interface SecretOwner {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller: boolean
  readonly blockOwnerDeletion: boolean
}

/**
 * The Secret `kubeadm-certs` and who may read it. `data`: sealed files by name, base64; a file that the cluster does not have has an empty value.
 */
export function sharedCertificateObjects(data: Readonly<Record<string, string>>, owner: SecretOwner): Manifest[] {
  const secret: Manifest = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'kubeadm-certs', namespace: 'kube-system', ownerReferences: [{ ...owner }] },
    data,
  }
  return [secret, ...accessObjects(accessRules.sharedCertificates)]
}
