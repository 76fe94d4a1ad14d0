/** `kadm certs check-expiration` for a user. */
import { parseDuration } from '../../config/durations.ts'
import { KadmError, messageOf } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { certificateExpirations } from '../../pki/expiration.ts'
import { connectWithKubeconfig } from '../../pki/kubeconfig/kubeconfig-cluster.ts'
import { isOnEveryControlPlane } from '../../pki/managed-certificates.ts'
import { reportObject, secondsLeft, seenCertificates, type CertificateReport } from '../text/certificate-report.ts'
import { certificateTables } from '../text/certificate-tables.ts'
import { certsConfig } from '../flags/certs-config.ts'
import { onChosenHost } from '../chosen-host.ts'
import type { CommandInput } from '../command.ts'
import { humanDuration } from '../text/human-duration.ts'
import { outputPrinter, type Printer } from '../text/output.ts'

/** The exit code when something ends within `--warn-within` or is missing; kubeadm has 1 to 3 for other things. */
const expiringExitCode = 4

/** @returns exit code */
export async function checkExpiration(input: CommandInput): Promise<number> {
  const { flags, io } = input
  const print = await printer(input)
  const within = warnWithin(flags.text('warn-within'))
  return await onChosenHost(input, async (host) => {
    const config = await certsConfig(input, host, flags.text('output') === 'text' ? 'check-expiration' : undefined)
    const wire = flags.isOn('all-nodes') ? { wire: await onTheWire(input, host) } : {}
    const report: CertificateReport = { ...(await certificateExpirations({ config, host })), ...wire, now: host.now() }
    io.stdout.write(await print(report))
    if (within === undefined) return 0
    const missing = missingNames(report)
    for (const name of missing) io.stderr.write(`WARNING: ${name} is not there [CERTIFICATE_MISSING]\n`)
    const expiring = seenCertificates(report).filter(({ certificate }) => secondsLeft(certificate, report.now) * 1000 < within)
    for (const { source, labels, certificate } of expiring) {
      const what = `${source} ${Object.values(labels)
        .filter((text) => text !== '')
        .join(' ')}`
      const left = secondsLeft(certificate, report.now)
      io.stderr.write(`WARNING: ${what} ${left < 0 ? 'has expired' : `ends in ${humanDuration(left * 1000)}`} [CERTIFICATE_EXPIRING]\n`)
    }
    return expiring.length + missing.length > 0 ? expiringExitCode : 0
  })
}

function missingNames({ certificates, authorities }: CertificateReport): readonly string[] {
  return [...certificates, ...authorities].flatMap(({ name, kind }) => (kind === 'missing' && isOnEveryControlPlane(name) ? [name] : []))
}

async function printer({ flags }: CommandInput): Promise<Printer<CertificateReport>> {
  if (flags.text('output') === 'prometheus') {
    const { certificateMetrics } = await import('../text/certificate-metrics.ts')
    return async (report) => certificateMetrics(report)
  }
  return outputPrinter<CertificateReport>(flags, { kind: 'CertificateExpirationInfo', object: reportObject, text: certificateTables })
}

/** Milliseconds. */
function warnWithin(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const [, days] = /^(\d+)d$/.exec(text) ?? []
  const milliseconds = days === undefined ? parseDuration(text) : Number(days) * 24 * 60 * 60_000
  if (milliseconds !== undefined && milliseconds >= 0) return milliseconds
  throw new KadmError('USAGE', `invalid value "${text}" for "--warn-within": not a time such as 30d or 12h`, {
    remedy: ['kadm certs check-expiration --warn-within 30d'],
  })
}

/** Without an API this host alone is looked at. */
async function onTheWire({ flags, io, signal }: CommandInput, host: Host): Promise<NonNullable<CertificateReport['wire']>> {
  const [{ kubeconfigsOnHost }, { servedCertificates }, { tlsPortsOfCluster, tlsPortsOfHost }] = await Promise.all([
    import('../../pki/kubeconfig/kubeconfigs-on-host.ts'),
    import('../../pki/served-certificates.ts'),
    import('../../pki/tls-ports.ts'),
  ])
  const portsOfCluster = async () => {
    const cluster = await connectWithKubeconfig(host, flags.text('kubeconfig') ?? '', { signal })
    try {
      return await tlsPortsOfCluster(cluster)
    } finally {
      await cluster.close()
    }
  }
  const ports = await portsOfCluster().catch((error: unknown) => {
    if (!(error instanceof KadmError)) throw error
    io.stderr.write(`WARNING: only this host is looked at: ${messageOf(error)} [${error.code}]\n`)
    return tlsPortsOfHost(host)
  })
  const [served, kubeconfigs] = await Promise.all([servedCertificates(ports, { host, signal }), kubeconfigsOnHost(host)])
  return { served, kubeconfigs }
}
