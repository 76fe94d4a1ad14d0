import { createHash } from 'node:crypto'
import { parseCertificates } from './certificate-bundle.ts'
import { spkiDer } from './keys.ts'

/**
 * The pins of all certificates in a PEM text, in order: `sha256:<hex>` over the SubjectPublicKeyInfo (RFC 7469). Throws an Error when there
 * is none.
 */
export function caHashes(pemBundle: string): readonly string[] {
  return parseCertificates(pemBundle).map(({ publicKey }) => `sha256:${createHash('sha256').update(spkiDer(publicKey)).digest('hex')}`)
}
