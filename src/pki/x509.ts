/** Certificates and requests, byte for byte as Go's crypto/x509 builds them for kubeadm. Signed by node:crypto. */
import { createHash, randomBytes, sign, type KeyObject, type X509Certificate } from 'node:crypto'
import { parseIp } from '../config/ip-address.ts'
import type { AltNames } from './alt-names.ts'
import {
  bitsOf,
  bitString,
  bytesOf,
  fromDer,
  integer,
  isTagged,
  itemsOf,
  nullValue,
  objectId,
  objectIdOf,
  octets,
  sequence,
  setOf,
  tagged,
  text,
  time,
  toDer,
  trueValue,
  type DerNode,
} from './der.ts'
import { spkiDer } from './keys.ts'

export interface Subject {
  readonly commonName: string
  readonly organizations: readonly string[]
}

/** An extended key usage; those that kadm itself never asks for by their object id. */
export type Usage = 'server' | 'client' | `${number}.${string}`

export interface CertificateFields {
  readonly subject: Subject
  readonly publicKey: KeyObject
  readonly isCa: boolean
  /** Extended key usages; none on a CA. */
  readonly usages: readonly Usage[]
  readonly altNames: AltNames
  readonly notBefore: Date
  readonly notAfter: Date
  /** 1 to 2^63 - 1; absent: a random one. */
  readonly serialNumber?: bigint
}

export interface Signer {
  readonly key: KeyObject
  /** The CA's certificate in DER; absent: the certificate signs itself. */
  readonly certificate?: Uint8Array
}

/** The certificate in DER. */
export function signedCertificate(fields: CertificateFields, signer: Signer): Buffer {
  return signed(certificateBody(fields, signer), signer.key)
}

/** A certificate that a key signs which is not here. */
export interface CertificateToSign {
  /** To be hashed with `hash` and signed: RSA as in PKCS#1, ECDSA in DER. */
  readonly bytes: Buffer
  readonly hash: string
  /** From the signature to the certificate in DER. */
  readonly complete: (signature: Buffer) => Buffer
}

export function certificateToSign(fields: CertificateFields, authority: X509Certificate): CertificateToSign {
  const body = certificateBody(fields, { key: authority.publicKey, certificate: authority.raw })
  const { identifier, hash } = signatureAlgorithm(authority.publicKey)
  return { bytes: toDer(body), hash, complete: (signature) => toDer(sequence(body, identifier, bitString(signature))) }
}

/** `key` of the signer: either half. */
function certificateBody(fields: CertificateFields, signer: Signer): DerNode {
  const subject = distinguishedName(fields.subject)
  const issuer = signer.certificate === undefined ? { subject, keyId: undefined } : identityOf(signer.certificate)
  // Go leaves the authority key id out where issuer and subject have the same name.
  const authorityKeyId = toDer(issuer.subject).equals(toDer(subject)) ? undefined : issuer.keyId
  const algorithm = signatureAlgorithm(signer.key)
  return sequence(
    tagged(0, [integer(2n)]),
    integer(fields.serialNumber ?? randomSerialNumber()),
    algorithm.identifier,
    issuer.subject,
    sequence(time(fields.notBefore), time(fields.notAfter)),
    subject,
    fromDer(spkiDer(fields.publicKey)),
    tagged(3, [sequence(...extensions(fields, authorityKeyId))]),
  )
}

/** A PKCS#10 request in DER; of the fields of a certificate it asks for the names only, as kubeadm's do. */
export function certificateRequest(subject: Subject, names: AltNames, key: KeyObject): Buffer {
  const wanted = hasNames(names) ? [sequence(objectId(oids.extensionRequest), setOf(sequence(altNamesExtension(names))))] : []
  return signed(sequence(integer(0n), distinguishedName(subject), fromDer(spkiDer(key)), tagged(0, wanted)), key)
}

const oids = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
  extensionRequest: '1.2.840.113549.1.9.14',
} as const

/** In Go's order. */
function extensions(fields: CertificateFields, authorityKeyId: Buffer | undefined): readonly DerNode[] {
  const { isCa, usages, altNames } = fields
  return [
    extension(oids.keyUsage, 'critical', keyUsage(isCa)),
    ...(usages.length === 0 ? [] : [extension(oids.extendedKeyUsage, 'plain', sequence(...usages.map(usageId)))]),
    extension(oids.basicConstraints, 'critical', isCa ? sequence(trueValue()) : sequence()),
    ...(isCa ? [extension(oids.subjectKeyId, 'plain', octets(keyIdOf(fields.publicKey)))] : []),
    ...(authorityKeyId === undefined ? [] : [extension(oids.authorityKeyId, 'plain', sequence(tagged(0, authorityKeyId)))]),
    ...(hasNames(altNames) ? [altNamesExtension(altNames)] : []),
  ]
}

function extension(id: string, critical: 'critical' | 'plain', value: DerNode): DerNode {
  return sequence(objectId(id), ...(critical === 'critical' ? [trueValue()] : []), octets(toDer(value)))
}

function usageId(usage: Usage): DerNode {
  return objectId(usage === 'server' || usage === 'client' ? oids[usage] : usage)
}

/** digitalSignature (bit 0) and keyEncipherment (2), also for ECDSA as kubeadm has it; keyCertSign (5) for a CA. */
function keyUsage(isCa: boolean): DerNode {
  return isCa ? bitString(Buffer.of(0b1010_0100), 2) : bitString(Buffer.of(0b1010_0000), 5)
}

function altNamesExtension({ dnsNames, addresses }: AltNames): DerNode {
  const names = [...dnsNames.map((name) => tagged(2, Buffer.from(name))), ...addresses.map((address) => tagged(7, addressBytes(address)))]
  return extension(oids.subjectAltName, 'plain', sequence(...names))
}

function hasNames({ dnsNames, addresses }: AltNames): boolean {
  return dnsNames.length + addresses.length > 0
}

function addressBytes(address: string): Buffer {
  const ip = parseIp(address)
  if (ip === undefined) throw new TypeError(`not an IP address: ${address}`)
  return Buffer.from(ip.value.toString(16).padStart(ip.family === 4 ? 8 : 32, '0'), 'hex')
}

/** Go puts all organizations into one set. */
function distinguishedName({ commonName, organizations }: Subject): DerNode {
  const own = organizations.map((organization) => sequence(objectId(oids.organization), text(organization)))
  return sequence(...(own.length === 0 ? [] : [setOf(...own)]), setOf(sequence(objectId(oids.commonName), text(commonName))))
}

/** Method 1 of RFC 7093: the first 160 bits of the SHA-256 of the key's bits, as Go does it since 1.25. */
function keyIdOf(publicKey: KeyObject): Buffer {
  const [, bits] = itemsOf(fromDer(spkiDer(publicKey)))
  return createHash('sha256').update(bitsOf(bits)).digest().subarray(0, 20)
}

/** Name and key id of a CA as they stand in its certificate: whoever checks a chain compares bytes. */
function identityOf(certificate: Uint8Array): { readonly subject: DerNode; readonly keyId: Buffer | undefined } {
  const [body] = itemsOf(fromDer(certificate))
  const fields = itemsOf(body)
  const first = isTagged(fields[0], 0) ? 1 : 0 // version
  const subject = fields[first + 4]
  if (subject === undefined) throw new TypeError('not a certificate')
  const [extensionList] = itemsOf(fields.find((field) => isTagged(field, 3)))
  const keyId = itemsOf(extensionList)
    .map(itemsOf)
    .find(([id]) => objectIdOf(id) === oids.subjectKeyId)
    ?.at(-1)
  return { subject, keyId: keyId === undefined ? undefined : innerOctets(keyId) }
}

function innerOctets(node: DerNode): Buffer {
  const [inner] = itemsOf(node) // forge has looked into it already where it could
  return bytesOf(inner ?? fromDer(bytesOf(node)))
}

function randomSerialNumber(): bigint {
  return randomBytes(8).readBigUInt64BE() >> 1n || 1n
}

function signed(body: DerNode, key: KeyObject): Buffer {
  const { identifier, hash } = signatureAlgorithm(key)
  return toDer(sequence(body, identifier, bitString(sign(hash, toDer(body), key))))
}

/** What Go signs with when it is not told: by the kind and size of the signing key. */
function signatureAlgorithm(key: KeyObject): { readonly identifier: DerNode; readonly hash: string } {
  if (key.asymmetricKeyType === 'rsa') return { identifier: sequence(objectId('1.2.840.113549.1.1.11'), nullValue()), hash: 'sha256' }
  switch (key.asymmetricKeyDetails?.namedCurve) {
    case 'secp521r1':
      return { identifier: sequence(objectId('1.2.840.10045.4.3.4')), hash: 'sha512' }
    case 'secp384r1':
      return { identifier: sequence(objectId('1.2.840.10045.4.3.3')), hash: 'sha384' }
    default:
      return { identifier: sequence(objectId('1.2.840.10045.4.3.2')), hash: 'sha256' }
  }
}
