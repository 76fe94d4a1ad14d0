/** What a certificate says of whom it is for, read from its DER: what a renewal keeps. */
import type { X509Certificate } from 'node:crypto'
import { shortestForm } from '../config/ip-address.ts'
import { altNames, type AltNames } from './alt-names.ts'
import { bytesOf, fromDer, isTagged, itemsOf, objectIdOf, type DerNode } from './der.ts'
import type { Subject, Usage } from './x509.ts'

export interface CertificateIdentity {
  /** Of the subject the parts that kadm and kubeadm write: common name and organizations. */
  readonly subject: Subject
  /** DNS names and addresses; other kinds of names are left out, as kubeadm leaves them out. */
  readonly altNames: AltNames
  readonly usages: readonly Usage[]
}

export function certificateIdentity(certificate: X509Certificate): CertificateIdentity {
  const [body] = itemsOf(fromDer(certificate.raw))
  const fields = itemsOf(body)
  const first = isTagged(fields[0], 0) ? 1 : 0 // version
  const [extensions] = itemsOf(fields.find((field) => isTagged(field, 3)))
  return {
    subject: subjectOf(fields[first + 4]),
    altNames: altNames(namesIn(extensionValue(extensions, '2.5.29.17'))),
    usages: (certificate.keyUsage ?? []).map(usageOf),
  }
}

/** Of a distinguished name. */
export function subjectOf(name: DerNode | undefined): Subject {
  const attributes = itemsOf(name).flatMap(itemsOf).map(itemsOf)
  const valuesOf = (id: string): readonly string[] =>
    attributes.filter(([type]) => objectIdOf(type) === id).map(([, value]) => bytesOf(value).toString('utf8'))
  return { commonName: valuesOf('2.5.4.3').at(-1) ?? '', organizations: valuesOf('2.5.4.10') }
}

/** The octets of an extension, which hold DER. */
function extensionValue(extensions: DerNode | undefined, id: string): DerNode | undefined {
  const octets = itemsOf(extensions)
    .map(itemsOf)
    .find(([type]) => objectIdOf(type) === id)
    ?.at(-1)
  if (octets === undefined) return undefined
  const [looked] = itemsOf(octets) // forge has looked into it already where it could
  return looked ?? fromDer(bytesOf(octets))
}

function namesIn(value: DerNode | undefined): readonly string[] {
  return itemsOf(value).flatMap((name) => {
    if (isTagged(name, 2)) return [bytesOf(name).toString('latin1')]
    return isTagged(name, 7) ? [addressOf(bytesOf(name))] : []
  })
}

function addressOf(bytes: Buffer): string {
  return shortestForm(bytes.length === 4 ? bytes.join('.') : (bytes.toString('hex').match(/.{4}/g) ?? []).join(':'))
}

/** Node gives object ids. */
function usageOf(id: string): Usage {
  if (id === '1.3.6.1.5.5.7.3.1') return 'server'
  if (id === '1.3.6.1.5.5.7.3.2') return 'client'
  return id as Usage
}
