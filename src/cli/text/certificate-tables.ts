/** The tables of `kadm certs check-expiration`: the first two are kubeadm's to the byte. */
import type { X509Certificate } from 'node:crypto'
import type { CertificateExpiration } from '../../pki/expiration.ts'
import { secondsLeft, type CertificateReport } from './certificate-report.ts'
import { columns, padded } from './columns.ts'
import { humanDuration } from './human-duration.ts'

export function certificateTables({ certificates, authorities, wire, now }: CertificateReport): string {
  const ends = ['EXPIRES', 'RESIDUAL TIME'] as const
  const end = (certificate: X509Certificate): readonly string[] => [
    minuteOf(certificate.validToDate),
    humanDuration(secondsLeft(certificate, now) * 1000),
  ]
  const leaf = (row: CertificateExpiration): readonly string[] =>
    row.kind === 'missing'
      ? [`!MISSING! ${row.name}`, '', '', '', '']
      : [row.name, ...end(row.certificate), row.ca ?? '', yesOrNo(row.externallyManaged)]
  const authority = (row: CertificateExpiration): readonly string[] =>
    row.kind === 'missing' ? [`!MISSING! ${row.name}`, '', '', ''] : [row.name, ...end(row.certificate), yesOrNo(row.externallyManaged)]
  const tables = [
    [['CERTIFICATE', ...ends, 'CERTIFICATE AUTHORITY', 'EXTERNALLY MANAGED'], ...certificates.map(leaf)],
    [['CERTIFICATE AUTHORITY', ...ends, 'EXTERNALLY MANAGED'], ...authorities.map(authority)],
  ]
  if (wire !== undefined) {
    const served = wire.served.map((row) => [
      row.node,
      row.name,
      row.address,
      ...(row.kind === 'seen' ? [...end(row.certificate), row.certificate.serialNumber] : ['', '', `(${row.why})`]),
    ])
    const kubeconfigs = wire.kubeconfigs.map((row) => [
      row.path,
      ...(row.kind === 'seen' ? [...end(row.certificate), row.user] : ['', '', `(${row.why})`]),
    ])
    tables.push([['NODE', 'PORT', 'ADDRESS', ...ends, 'SERIAL NUMBER'], ...served], [['KUBECONFIG', ...ends, 'USER'], ...kubeconfigs])
  }
  return tables.map(columns).join('\n')
}

function yesOrNo(value: boolean): string {
  return padded(value ? 'yes' : 'no', 8)
}

/** `Nov 24, 2027 14:33 UTC`. */
function minuteOf(date: Date): string {
  const [, day = '', month = '', year = '', time = ''] = /^\w+, (\d+) (\w+) (\d+) (\d+:\d+)/.exec(date.toUTCString()) ?? []
  return `${month} ${day}, ${year} ${time} UTC`
}
