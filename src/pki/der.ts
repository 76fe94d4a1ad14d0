/** The pieces of DER that certificates are made of. */
import type forge from 'node-forge'
import asn1 from 'node-forge/lib/asn1.js'

export type DerNode = forge.asn1.Asn1

const { Class, Type } = asn1

export function toDer(node: DerNode): Buffer {
  return Buffer.from(asn1.toDer(node).getBytes(), 'binary')
}

/** Throws an Error when the bytes are not one whole DER value. */
export function fromDer(bytes: Uint8Array): DerNode {
  return asn1.fromDer(binary(bytes))
}

export function sequence(...items: readonly DerNode[]): DerNode {
  return asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, [...items])
}

/** DER wants the members of a set in the order of their bytes. */
export function setOf(...items: readonly DerNode[]): DerNode {
  return asn1.create(
    Class.UNIVERSAL,
    Type.SET,
    true,
    items.toSorted((a, b) => Buffer.compare(toDer(a), toDer(b))),
  )
}

export function objectId(dotted: string): DerNode {
  return primitive(Type.OID, asn1.oidToDer(dotted).getBytes())
}

/** Not below 0. */
export function integer(value: bigint): DerNode {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  const isNegative = (bytes[0] ?? 0) >= 0x80
  return primitive(Type.INTEGER, binary(isNegative ? Buffer.concat([Buffer.of(0), bytes]) : bytes))
}

export function trueValue(): DerNode {
  return primitive(Type.BOOLEAN, '\xff')
}

export function nullValue(): DerNode {
  return primitive(Type.NULL, '')
}

export function octets(bytes: Uint8Array): DerNode {
  return primitive(Type.OCTETSTRING, binary(bytes))
}

export function bitString(bytes: Uint8Array, unusedBits = 0): DerNode {
  return primitive(Type.BITSTRING, String.fromCharCode(unusedBits) + binary(bytes))
}

/** PrintableString where its letters suffice, else UTF8String: Go's choice. */
export function text(value: string): DerNode {
  const isPrintable = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value)
  return primitive(isPrintable ? Type.PRINTABLESTRING : Type.UTF8, binary(Buffer.from(value)))
}

/** To the second. UTCTime up to 2049, GeneralizedTime after (RFC 5280, 4.1.2.5). */
export function time(date: Date): DerNode {
  const digits = date.toISOString().replaceAll(/\.\d+Z$|\D/g, '')
  const isLate = date.getUTCFullYear() >= 2050
  return primitive(isLate ? Type.GENERALIZEDTIME : Type.UTCTIME, `${isLate ? digits : digits.slice(2)}Z`)
}

/** `[number]` of the surrounding type: with items inside, or with bytes in place of an implicit type. */
export function tagged(number: number, content: readonly DerNode[] | Uint8Array): DerNode {
  if (content instanceof Uint8Array) return asn1.create(Class.CONTEXT_SPECIFIC, number, false, binary(content))
  return asn1.create(Class.CONTEXT_SPECIFIC, number, true, [...content])
}

export function isTagged(node: DerNode | undefined, number: number): boolean {
  return node?.tagClass === Class.CONTEXT_SPECIFIC && Number(node.type) === number
}

/** The items inside; none for a value that holds bytes. */
export function itemsOf(node: DerNode | undefined): readonly DerNode[] {
  return node !== undefined && Array.isArray(node.value) ? node.value : []
}

/** The bytes of a value that holds no items. */
export function bytesOf(node: DerNode | undefined): Buffer {
  return Buffer.from(node !== undefined && typeof node.value === 'string' ? node.value : '', 'binary')
}

/** Of a bit string: what stands behind the count of unused bits. */
export function bitsOf(node: DerNode | undefined): Buffer {
  // forge looks into a bit string that could itself be DER, as an RSA key is: take it from the bytes.
  const der = node === undefined ? Buffer.alloc(0) : toDer(node)
  const lengthBytes = (der[1] ?? 0) < 0x80 ? 1 : 1 + ((der[1] ?? 0) & 0x7f)
  return der.subarray(1 + lengthBytes + 1)
}

export function objectIdOf(node: DerNode | undefined): string {
  return node === undefined || typeof node.value !== 'string' ? '' : asn1.derToOid(node.value)
}

function primitive(type: forge.asn1.Type, value: string): DerNode {
  return asn1.create(Class.UNIVERSAL, type, false, value)
}

function binary(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('binary')
}
