/** New certificates as PEM: a CA that signs itself, or a leaf that a CA signs. */
import { verify, type KeyObject, type X509Certificate } from 'node:crypto'
import { KadmError } from '../errors.ts'
import { altNames, type AltNames } from './alt-names.ts'
import { publicKeyOf } from './keys.ts'
import { pemText } from './pem.ts'
import { certificateToSign, signedCertificate, type Subject, type Usage } from './x509.ts'

export interface CertificateAuthority {
  readonly certificate: X509Certificate
  readonly key: KeyObject
}

/** A CA whose key stays where it is. */
export interface DistantAuthority {
  readonly certificate: X509Certificate
  /** Signs these bytes with the CA's key: RSA as in PKCS#1, ECDSA in DER. `hash`: `sha256` and so on. */
  readonly sign: (bytes: Buffer, hash: string) => Promise<Buffer>
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

/** Throws CERTIFICATE_INVALID when what signed is not the CA's key. */
export async function issueFromAfar({ key, ...leaf }: Leaf, { certificate, sign }: DistantAuthority): Promise<string> {
  const { bytes, hash, complete } = certificateToSign({ ...leaf, publicKey: publicKeyOf(key), isCa: false }, certificate)
  const signature = await sign(bytes, hash)
  if (!verify(hash, bytes, certificate.publicKey, signature)) {
    throw new KadmError('CERTIFICATE_INVALID', `the key beside the CA "${certificate.subject}" does not belong to its certificate`, {
      remedy: ['put the key that belongs to ca.crt beside it, as ca.key, on the control plane'],
    })
  }
  return pemText('CERTIFICATE', complete(signature))
}
