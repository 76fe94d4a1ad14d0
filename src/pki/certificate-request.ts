/** A PKCS#10 request read: what it asks for, and that whoever made it has the key. */
import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { KadmError, messageOf } from '../errors.ts'
import { subjectOf } from './certificate-identity.ts'
import { bitsOf, bytesOf, fromDer, isTagged, itemsOf, objectIdOf, toDer, type DerNode } from './der.ts'
import { pemBlocks } from './pem.ts'
import type { Subject } from './x509.ts'

export interface CertificateRequest extends Subject {
  readonly publicKey: KeyObject
  /** Extensions that the certificate shall have. */
  readonly extensions: readonly RequestedExtension[]
  /** The request itself, and nothing of what else was in the text. */
  readonly der: Buffer
}

export interface RequestedExtension {
  /** Object id: `2.5.29.17`. */
  readonly id: string
  /** DER. */
  readonly value: Buffer
}

/** Throws CERTIFICATE_INVALID for what is no request, or one whose signature is not that of its key. */
export function parseCertificateRequest(pem: string): CertificateRequest {
  const block = pemBlocks(pem).find(({ type }) => type === 'CERTIFICATE REQUEST')
  if (block === undefined) throw unusable('it holds no CERTIFICATE REQUEST')
  try {
    const [info, algorithm, signature] = itemsOf(fromDer(block.der))
    const [, subject, keyInfo] = itemsOf(info)
    if (info === undefined || keyInfo === undefined) throw new Error('it has no public key')
    const publicKey = createPublicKey({ key: toDer(keyInfo), format: 'der', type: 'spki' })
    const hash = hashes[objectIdOf(itemsOf(algorithm)[0])]
    if (hash === undefined) throw new Error('it is signed in a way that kadm does not know')
    if (!verify(hash, toDer(info), publicKey, bitsOf(signature))) throw new Error('it is not signed with its own key')
    return {
      ...subjectOf(subject),
      publicKey,
      extensions: itemsOf(info)
        .filter((item) => isTagged(item, 0))
        .flatMap(extensionsIn),
      der: block.der,
    }
  } catch (error) {
    throw unusable(messageOf(error))
  }
}

/** SHA-2 with RSA (PKCS#1) and with ECDSA. */
const hashes: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
}

/** PKCS#9, and the one of Microsoft that openssl reads too. */
const extensionRequests: ReadonlySet<string> = new Set(['1.2.840.113549.1.9.14', '1.3.6.1.4.1.311.2.1.14'])

function extensionsIn(attributes: DerNode): readonly RequestedExtension[] {
  const requests = itemsOf(attributes)
    .map(itemsOf)
    .filter(([id]) => extensionRequests.has(objectIdOf(id)))
  return requests
    .flatMap(([, values]) => itemsOf(values).flatMap(itemsOf))
    .map(itemsOf)
    .map((parts) => ({ id: objectIdOf(parts[0]), value: bytesOf(parts.at(-1)) }))
}

function unusable(why: string): KadmError {
  return new KadmError('CERTIFICATE_INVALID', `the certificate request cannot be used: ${why}`, {
    remedy: ['run the same command again: the host makes a new one'],
  })
}
