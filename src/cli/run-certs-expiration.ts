/** `kadm certs check-expiration` for a user. */
import type { JsonObject } from '../config/model.ts'
import { localHost } from '../host/local-host.ts'
import { certificateExpirations, type CertificateExpiration, type Expirations } from '../pki/expiration.ts'
import { certsConfig } from './certs-config.ts'
import { columns, padded } from './columns.ts'
import type { CommandInput } from './command.ts'
import { humanDuration } from './human-duration.ts'
import { outputPrinter } from './output.ts'
import { goTime } from './token-row.ts'

export async function checkExpiration(input: CommandInput): Promise<void> {
  const host = localHost()
  const print = outputPrinter<Expirations>(input.flags, {
    kind: 'CertificateExpirationInfo',
    object: ({ certificates, authorities }) => ({
      certificates: certificates.map((row) => rowObject(row, host.now())),
      certificateAuthorities: authorities.map((row) => rowObject(row, host.now())),
    }),
    text: (expirations) => tables(expirations, host.now()),
  })
  try {
    const config = await certsConfig(input, host, input.flags.text('output') === 'text' ? 'check-expiration' : undefined)
    input.io.stdout.write(await print(await certificateExpirations({ config, host })))
  } finally {
    await host.close()
  }
}

function rowObject(row: CertificateExpiration, now: Date): JsonObject {
  if (row.kind === 'missing') return { name: row.name, expirationDate: null, residualTime: 0, externallyManaged: false, missing: true }
  const { name, certificate, externallyManaged, ca } = row
  const residualTime = Math.trunc((certificate.validToDate.getTime() - now.getTime()) / 1000)
  return { name, expirationDate: goTime(certificate.validToDate), residualTime, externallyManaged, ...(ca !== undefined && { caName: ca }), missing: false }
}

function tables({ certificates, authorities }: Expirations, now: Date): string {
  const leaves = [['CERTIFICATE', 'EXPIRES', 'RESIDUAL TIME', 'CERTIFICATE AUTHORITY', 'EXTERNALLY MANAGED'], ...certificates.map((row) => cells(row, now, true))]
  const cas = [['CERTIFICATE AUTHORITY', 'EXPIRES', 'RESIDUAL TIME', 'EXTERNALLY MANAGED'], ...authorities.map((row) => cells(row, now, false))]
  return `${columns(leaves)}\n${columns(cas)}`
}

function cells(row: CertificateExpiration, now: Date, withAuthority: boolean): readonly string[] {
  if (row.kind === 'missing') return [`!MISSING! ${row.name}`, '', '', '', ...(withAuthority ? [''] : [])]
  const { name, certificate, ca = '', externallyManaged } = row
  const left = Math.trunc((certificate.validToDate.getTime() - now.getTime()) / 1000) * 1000
  return [name, minuteOf(certificate.validToDate), humanDuration(left), ...(withAuthority ? [ca] : []), padded(externallyManaged ? 'yes' : 'no', 8)]
}

/** `Nov 24, 2027 14:33 UTC`. */
function minuteOf(date: Date): string {
  const [, day = '', month = '', year = '', time = ''] = /^\w+, (\d+) (\w+) (\d+) (\d+:\d+)/.exec(date.toUTCString()) ?? []
  return `${month} ${day}, ${year} ${time} UTC`
}
