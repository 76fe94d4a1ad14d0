import { accessObjects, accessRules } from './access-rules.ts'
import type { Manifest } from './manifest.ts'
import type { OwnerReference } from '../tokens/short-lived-token.ts'

/**
 * The Secret `kubeadm-certs` and who may read it; `owner` is the short-lived token that takes it along when it ends. `data`: sealed files
 * by name, base64; a file that the cluster does not have has an empty value.
 */
export function sharedCertificateObjects(data: Readonly<Record<string, string>>, owner: OwnerReference): Manifest[] {
  const secret: Manifest = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'kubeadm-certs', namespace: 'kube-system', ownerReferences: [{ ...owner }] },
    data,
  }
  return [secret, ...accessObjects(accessRules.sharedCertificates)]
}
