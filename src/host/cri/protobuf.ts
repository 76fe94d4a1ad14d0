/**
 * The part of the protobuf wire format that CRI needs: strings, integers, booleans, messages, lists and string maps.
 * Source: protobuf.dev/programming-guides/encoding. Field numbers are given where a message is read or written.
 */

export type WireValue = string | number | boolean | Uint8Array

/** Encodes `[field number, value]` pairs; bytes stand for a message that is encoded already. Zero values are left out, as proto3 does. */
export function encodeMessage(fields: readonly (readonly [number, WireValue])[]): Buffer {
  return Buffer.concat(fields.flatMap(([number, value]) => encodeField(number, value)))
}

/** The fields of a message by number. A field that is not there reads as its zero value, as proto3 defines. */
export interface Message {
  text(field: number): string
  /** Signed, 64 bits. */
  integer(field: number): bigint
  flag(field: number): boolean
  message(field: number): Message | undefined
  messages(field: number): readonly Message[]
  /** `map<string, string>` */
  map(field: number): ReadonlyMap<string, string>
}

/** Throws RangeError when the bytes are no protobuf message. */
export function decodeMessage(bytes: Buffer): Message {
  const fields = decodeFields(bytes)
  const chunks = (field: number): readonly Buffer[] => (fields.get(field) ?? []).filter((value) => typeof value !== 'bigint')
  const last = (field: number): bigint | Buffer | undefined => fields.get(field)?.at(-1)
  const integer = (field: number): bigint => {
    const value = last(field)
    return typeof value === 'bigint' ? BigInt.asIntN(64, value) : 0n
  }
  const text = (field: number): string => chunks(field).at(-1)?.toString('utf8') ?? ''
  const messages = (field: number): readonly Message[] => chunks(field).map(decodeMessage)
  return {
    text,
    integer,
    flag: (field) => integer(field) !== 0n,
    message: (field) => messages(field).at(-1),
    messages,
    map: (field) => new Map(messages(field).map((entry) => [entry.text(1), entry.text(2)])),
  }
}

const wireVarint = 0
const wireFixed64 = 1
const wireBytes = 2
const wireFixed32 = 5

function encodeField(number: number, value: WireValue): readonly Buffer[] {
  if (typeof value === 'number' || typeof value === 'boolean') {
    return Number(value) === 0 ? [] : [varint(BigInt((number << 3) | wireVarint)), varint(BigInt(value))]
  }
  if (value === '') return []
  const bytes = Buffer.from(value)
  return [varint(BigInt((number << 3) | wireBytes)), varint(BigInt(bytes.length)), bytes]
}

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}

function decodeFields(bytes: Buffer): ReadonlyMap<number, readonly (bigint | Buffer)[]> {
  const fields = new Map<number, (bigint | Buffer)[]>()
  let at = 0
  const readVarint = (): bigint => {
    for (let value = 0n, shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes.readUInt8(at++)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new RangeError('a number is longer than 64 bits')
  }
  const readBytes = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError('a field is longer than its message')
    return bytes.subarray(at, (at += length))
  }
  const readValue = (type: number): bigint | Buffer => {
    if (type === wireVarint) return readVarint()
    if (type === wireBytes) return readBytes(Number(readVarint()))
    if (type === wireFixed64) return readBytes(8)
    if (type === wireFixed32) return readBytes(4)
    throw new RangeError(`wire type ${type} is unknown`)
  }
  while (at < bytes.length) {
    const key = Number(readVarint())
    const values = fields.get(key >> 3) ?? []
    values.push(readValue(key & 7))
    fields.set(key >> 3, values)
  }
  return fields
}
