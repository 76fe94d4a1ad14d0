/** What a file says, without what is random in it: two hosts that say the same are the same. */
import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import { bytesOf, fromDer, isTagged, itemsOf, objectIdOf, toDer, type DerNode } from '../../../src/pki/der.ts'
import { parsePrivateKey } from '../../../src/pki/keys.ts'
import { pemBlocks } from '../../../src/pki/pem.ts'
import type { TreeEntry } from '../../support/jail.ts'
import { passedOver } from './allowed-differences.ts'

type Tree = ReadonlyMap<string, TreeEntry>

export interface Validity {
  /** Seconds from the beginning to the end. */
  readonly lifetime: number
  /** Seconds that it begins after the CA's. */
  readonly afterCa: number
}

export interface TreeMeaning {
  /** By path: kind, mode, owner, and what is in it. */
  readonly files: Readonly<Record<string, unknown>>
  /** Of each certificate, by path; those of a kubeconfig as `path#data`. Apart, as they may differ by how long the work took. */
  readonly validities: ReadonlyMap<string, Validity>
}

export function treeMeaning(tree: Tree): TreeMeaning {
  const validities = new Map<string, Validity>()
  const authorities = [...tree].flatMap(([path, { content }]) =>
    path.endsWith('ca.crt') ? certificatesIn(String(content)).map((certificate) => ({ path, certificate })) : [],
  )
  const reader: Reader = { tree, authorities, validities }
  const files = [...tree]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, { kind, mode, uid, gid, content }]) => {
      const says = kind === 'directory' ? {} : { says: kind === 'file' ? textMeaning(path, String(content), reader) : String(content) }
      return [path, { kind, mode: mode.toString(8), owner: `${uid}:${gid}`, ...says }] as const
    })
  return { files: Object.fromEntries(files), validities }
}

interface Reader {
  readonly tree: Tree
  readonly authorities: readonly { readonly path: string; readonly certificate: X509Certificate }[]
  readonly validities: Map<string, Validity>
}

function textMeaning(path: string, text: string, reader: Reader): unknown {
  if (path.endsWith('.crt') && text.includes('-----BEGIN'))
    return certificatesIn(text).map((certificate) => certificateMeaning(path, certificate, reader))
  if (path.endsWith('.key') && text.includes('-----BEGIN')) return keyMeaning(text)
  if (path.endsWith('.pub') && text.includes('-----BEGIN')) return publicKeyMeaning(path, text, reader)
  // The kubelet's own file: a certificate and its key in one.
  if (path.endsWith('.pem'))
    return [certificatesIn(text).map((certificate) => certificateMeaning(path, certificate, reader)), keyMeaning(text)]
  if (path.endsWith('.conf') && text.includes('kind: Config')) return kubeconfigMeaning(path, text, reader)
  return text
}

/** The text as it stands with the data replaced, and what the data are. */
function kubeconfigMeaning(path: string, text: string, reader: Reader): unknown {
  const data = (field: string): string => Buffer.from(new RegExp(`${field}: (\\S+)`).exec(text)?.[1] ?? '', 'base64').toString()
  const key = parsePrivateKey(data('client-key-data'))
  const client = certificatesIn(data('client-certificate-data'))
  return {
    text: text.replaceAll(/(-data: )\S+/g, `$1${passedOver('authority-data')}`),
    authority: [...reader.tree].find(
      ([file, { content }]) => file.endsWith('.crt') && String(content) === data('certificate-authority-data'),
    )?.[0],
    client: client.map((certificate) => certificateMeaning(`${path}#data`, certificate, reader)),
    key: data('client-key-data') === '' ? undefined : keyMeaning(data('client-key-data')),
    keyFits: key !== undefined && client[0]?.checkPrivateKey(key),
  }
}

function certificateMeaning(path: string, certificate: X509Certificate, { tree, authorities, validities }: Reader): unknown {
  const body = itemsOf(itemsOf(fromDer(certificate.raw))[0])
  const [, serial, algorithm, issuer, , subject] = body
  const authority = authorities.find(
    (one) => certificate.issuer === one.certificate.subject && certificate.verify(one.certificate.publicKey),
  )
  const key = parsePrivateKey(String(tree.get(path.replace(/\.crt$/, '.key'))?.content ?? ''))
  const begins = certificate.validFromDate.getTime()
  validities.set(path, {
    lifetime: (certificate.validToDate.getTime() - begins) / 1000,
    afterCa: authority === undefined ? 0 : (begins - authority.certificate.validFromDate.getTime()) / 1000,
  })
  const serialBits = BigInt(`0x${certificate.serialNumber}`).toString(2).length
  return {
    subject: nameOf(certificate.subject, subject),
    issuer: nameOf(certificate.issuer, issuer),
    names: certificate.subjectAltName,
    algorithm: hexOf(algorithm),
    serial: bytesOf(serial).length > 0 && serialBits > 1 && serialBits <= 64 ? passedOver('serial-number') : certificate.serialNumber,
    key: keyKind(certificate.publicKey),
    keyFile: key === undefined ? 'none' : certificate.checkPrivateKey(key),
    signedBy: authority?.path,
    extensions: extensionsOf(body).map((extension) => extensionMeaning(extension, authority?.certificate)),
  }
}

function extensionMeaning(extension: DerNode, authority: X509Certificate | undefined): readonly unknown[] {
  const items = itemsOf(extension)
  const value = bytesOf(items.at(-1))
  const id = objectIdOf(items[0])
  if (id === subjectKeyId) return [id, items.length, passedOver('key-id', value.length)]
  if (id === authorityKeyId) {
    const own =
      authority === undefined
        ? undefined
        : extensionsOf(itemsOf(itemsOf(fromDer(authority.raw))[0])).find((one) => objectIdOf(itemsOf(one)[0]) === subjectKeyId)
    const theirs = own === undefined ? undefined : bytesOf(itemsOf(own).at(-1)).subarray(2)
    return [
      id,
      items.length,
      passedOver('key-id', value.length),
      theirs === undefined ? 'unknown' : value.includes(theirs) ? "the CA's" : 'of another key',
    ]
  }
  return [id, items.length, value.toString('hex')]
}

const subjectKeyId = '2.5.29.14'
const authorityKeyId = '2.5.29.35'

function extensionsOf(body: readonly DerNode[]): readonly DerNode[] {
  return itemsOf(itemsOf(body.find((item) => isTagged(item, 3)))[0])
}

/** As text and as bytes: one text can be written in several types of strings. */
function nameOf(text: string, node: DerNode | undefined): readonly string[] {
  const time = passedOver('kubelet-time')
  return [text.replaceAll(/@\d{10}\b/g, `@${time}`), hexOf(node).replaceAll(/40(3\d){10}/g, `40${time}`)]
}

function hexOf(node: DerNode | undefined): string {
  return node === undefined ? '' : toDer(node).toString('hex')
}

function keyMeaning(text: string): unknown {
  const key = parsePrivateKey(text)
  return {
    blocks: Array.from(text.matchAll(/^-----BEGIN (.*)-----$/gm), ([, type]) => type),
    key: key === undefined ? 'cannot be read' : passedOver('private-key', keyKind(key)),
  }
}

function publicKeyMeaning(path: string, text: string, { tree }: Reader): unknown {
  const own = parsePrivateKey(String(tree.get(path.replace(/\.pub$/, '.key'))?.content ?? ''))
  const fits = own !== undefined && createPublicKey(own.export({ type: 'pkcs8', format: 'pem' })).equals(createPublicKey(text))
  return { blocks: pemBlocks(text).map(({ type }) => type), key: keyKind(createPublicKey(text)), fits }
}

function keyKind(key: KeyObject): string {
  const { modulusLength, publicExponent, namedCurve } = key.asymmetricKeyDetails ?? {}
  return [key.asymmetricKeyType, modulusLength, publicExponent, namedCurve].filter((part) => part !== undefined).join(' ')
}

function certificatesIn(text: string): readonly X509Certificate[] {
  return pemBlocks(text)
    .filter(({ type }) => type === 'CERTIFICATE')
    .map(({ der }) => new X509Certificate(der))
}
