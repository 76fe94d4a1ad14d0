/** `-o prometheus`: a file for the textfile collector of node_exporter. */
import { seenCertificates, type CertificateReport } from './certificate-report.ts'

export function certificateMetrics(report: CertificateReport): string {
  const { certificates, authorities, wire } = report
  const files = [...certificates, ...authorities]
  const ports = wire?.served ?? []
  return [
    metric(
      'kadm_certificate_expiration_timestamp_seconds',
      'When a certificate ends, in seconds since 1970.',
      seenCertificates(report).map(({ source, labels, certificate }) => ({
        labels: { source, ...labels },
        value: certificate.validToDate.getTime() / 1000,
      })),
    ),
    metric(
      'kadm_certificate_missing',
      '1 for a certificate of the control plane whose file is not there.',
      files.map(({ name, kind }) => ({ labels: { name }, value: kind === 'missing' ? 1 : 0 })),
    ),
    metric(
      'kadm_certificate_externally_managed',
      '1 for a certificate whose CA key is kept elsewhere: kadm cannot renew it.',
      files.flatMap((row) => (row.kind === 'found' ? [{ labels: { name: row.name }, value: row.externallyManaged ? 1 : 0 }] : [])),
    ),
    metric(
      'kadm_certificate_port_seen',
      '1 for a port that showed its certificate.',
      ports.map(({ node, name, address, kind }) => ({ labels: { node, name, address }, value: kind === 'seen' ? 1 : 0 })),
    ),
  ].join('')
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

function metric(name: string, help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return ''
  const lines = samples.map(
    ({ labels, value }) =>
      `${name}{${Object.entries(labels)
        .map(([key, text]) => `${key}="${escaped(text)}"`)
        .join(',')}} ${value}\n`,
  )
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`
}

function escaped(text: string): string {
  return text
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`)
}
