/** Names and addresses that a serving certificate is valid for. */
import type { X509Certificate } from 'node:crypto'
import { formatIp, parseIp } from '../config/ip-address.ts'

export interface AltNames {
  readonly dnsNames: readonly string[]
  /** In their short form. */
  readonly addresses: readonly string[]
}

export const noAltNames: AltNames = { dnsNames: [], addresses: [] }

/**
 * As kubeadm puts them into a certificate: DNS names sorted, addresses in the order given, none of them twice. Addresses may be in any
 * form.
 */
export function altNames(entries: readonly string[]): AltNames {
  const dnsNames = new Set<string>()
  const addresses = new Set<string>()
  for (const entry of entries) {
    const ip = parseIp(entry)
    if (ip === undefined) dnsNames.add(entry)
    else addresses.add(formatIp(ip))
  }
  // By bytes, as Go sorts; DNS names are ASCII.
  return { dnsNames: [...dnsNames].toSorted((a, b) => (a < b ? -1 : 1)), addresses: [...addresses] }
}

/** Those of the wanted names and addresses that the certificate does not cover. */
export function missingAltNames(certificate: X509Certificate, wanted: AltNames): readonly string[] {
  const own = new Set((certificate.subjectAltName ?? '').split(', '))
  const isCovered = (name: string): boolean => own.has(`DNS:${name}`) || certificate.checkHost(name, { subject: 'never' }) !== undefined
  return [
    ...wanted.dnsNames.filter((name) => !isCovered(name)),
    ...wanted.addresses.filter((address) => certificate.checkIP(address) === undefined),
  ]
}
