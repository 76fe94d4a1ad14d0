/** New certificates as PEM: a CA that signs itself, or a leaf that a CA signs. */
import type { KeyObject, X509Certificate } from 'node:crypto'
import { altNames, type AltNames } from './alt-names.ts'
import { publicKeyOf } from './keys.ts'
import { pemText } from './pem.ts'
import { signedCertificate, type Subject, type Usage } from './x509.ts'

export interface CertificateAuthority {
  readonly certificate: X509Certificate
  readonly key: KeyObject
}

export interface Validity {
  readonly notBefore: Date
  readonly notAfter: Date
}

export interface Leaf extends Validity {
  readonly subject: Subject
  readonly usages: readonly Usage[]
  readonly altNames: AltNames
  /** The leaf's own; private or public. */
  readonly key: KeyObject
}

export function selfSignedCa({
  commonName,
  key,
  ...validity
}: { readonly commonName: string; readonly key: KeyObject } & Validity): string {
  const subject = { commonName, organizations: [] }
  const names = altNames([commonName]) // Go warns of a name that only the subject has, so kubeadm's CAs repeat it
  return pemText(
    'CERTIFICATE',
    signedCertificate({ subject, publicKey: publicKeyOf(key), isCa: true, usages: [], altNames: names, ...validity }, { key }),
  )
}

export function issueCertificate({ key, ...leaf }: Leaf, ca: CertificateAuthority): string {
  const fields = { ...leaf, publicKey: publicKeyOf(key), isCa: false }
  return pemText('CERTIFICATE', signedCertificate(fields, { key: ca.key, certificate: ca.certificate.raw }))
}
