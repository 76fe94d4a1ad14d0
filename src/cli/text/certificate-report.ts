/**
 * What `kadm certs check-expiration` found, as an object of kubeadm's output API with kadm's own fields behind it, and as a list of ends.
 */
import type { X509Certificate } from 'node:crypto'
import { instant } from '../../host/instant.ts'
import type { JsonObject } from '../../json.ts'
import type { CertificateExpiration, Expirations } from '../../pki/expiration.ts'
import type { KubeconfigCertificate } from '../../pki/kubeconfig/kubeconfigs-on-host.ts'
import type { ServedCertificate } from '../../pki/served-certificates.ts'

export interface CertificateReport extends Expirations {
  /** With `--all-nodes`. */
  readonly wire?: { readonly served: readonly ServedCertificate[]; readonly kubeconfigs: readonly KubeconfigCertificate[] }
  readonly now: Date
}

/** The fields of CertificateExpirationInfo. */
export function reportObject({ certificates, authorities, wire, now }: CertificateReport): JsonObject {
  return {
    certificates: certificates.map((row) => fileObject(row, now)),
    certificateAuthorities: authorities.map((row) => fileObject(row, now)),
    ...(wire !== undefined && {
      servedCertificates: wire.served.map(({ node, name, address, ...seen }) => ({ node, name, address, ...seenObject(seen, now) })),
      kubeconfigs: wire.kubeconfigs.map(({ path, ...seen }) => ({
        path,
        ...('user' in seen && { user: seen.user }),
        ...seenObject(seen, now),
      })),
    }),
  }
}

/** Whole seconds; negative when it is over. */
export function secondsLeft(certificate: X509Certificate, now: Date): number {
  return Math.trunc((certificate.validToDate.getTime() - now.getTime()) / 1000)
}

/** One certificate that was seen, and where. */
export interface SeenCertificate {
  readonly source: 'file' | 'authority' | 'port' | 'kubeconfig'
  /** What tells it from the others of its source. */
  readonly labels: Readonly<Record<string, string>>
  readonly certificate: X509Certificate
}

export function seenCertificates({ certificates, authorities, wire }: CertificateReport): readonly SeenCertificate[] {
  const found = (rows: readonly CertificateExpiration[]): readonly Extract<CertificateExpiration, { kind: 'found' }>[] =>
    rows.filter((row) => row.kind === 'found')
  return [
    ...found(certificates).map(({ name, ca = '', certificate }) => ({ source: 'file' as const, labels: { name, ca }, certificate })),
    ...found(authorities).map(({ name, certificate }) => ({ source: 'authority' as const, labels: { name }, certificate })),
    ...(wire?.served ?? []).flatMap((row) =>
      row.kind === 'seen'
        ? [{ source: 'port' as const, labels: { node: row.node, name: row.name, address: row.address }, certificate: row.certificate }]
        : [],
    ),
    ...(wire?.kubeconfigs ?? []).flatMap((row) =>
      row.kind === 'seen'
        ? [{ source: 'kubeconfig' as const, labels: { path: row.path, user: row.user }, certificate: row.certificate }]
        : [],
    ),
  ]
}

function fileObject(row: CertificateExpiration, now: Date): JsonObject {
  if (row.kind === 'missing') return { name: row.name, expirationDate: null, residualTime: 0, externallyManaged: false, missing: true }
  const { name, certificate, externallyManaged, ca } = row
  return { name, ...endOf(certificate, now), externallyManaged, ...(ca !== undefined && { caName: ca }), missing: false }
}

type Seen = { readonly kind: 'seen'; readonly certificate: X509Certificate } | { readonly kind: 'unseen'; readonly why: string }

function seenObject(seen: Seen, now: Date): JsonObject {
  if (seen.kind === 'unseen') return { problem: seen.why }
  return { ...endOf(seen.certificate, now), serialNumber: seen.certificate.serialNumber }
}

function endOf(certificate: X509Certificate, now: Date): { readonly expirationDate: string; readonly residualTime: number } {
  return { expirationDate: instant(certificate.validToDate), residualTime: secondsLeft(certificate, now) }
}
