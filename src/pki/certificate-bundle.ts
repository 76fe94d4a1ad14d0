import { X509Certificate } from 'node:crypto'
import { pemBlocks } from './pem.ts'

export type CertificateBundle = readonly [X509Certificate, ...X509Certificate[]]

/** All certificates of a PEM text, in order; other blocks do not matter. Throws an Error when there is none, or one that is broken. */
export function parseCertificates(text: string): CertificateBundle {
  const [first, ...rest] = pemBlocks(text)
    .filter(({ type }) => type === 'CERTIFICATE')
    .map(({ der }) => new X509Certificate(der))
  if (first === undefined) throw new Error('it holds no certificate')
  return [first, ...rest]
}
