/** One key pair of the control plane: kept when it is there and good, else made. */
import type { X509Certificate } from 'node:crypto'
import type { InitConfig } from '../config/model.ts'
import { KadmError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { instant } from '../host/instant.ts'
import { missingAltNames } from './alt-names.ts'
import { loadCertificateAuthority, putAuthorityBack } from './certificate-authority.ts'
import { findCertificate, findPair, pairPaths, writePair, type FoundPair } from './certificate-files.ts'
import { certificateSpec, type CertificateSpec } from './certificate-specs.ts'
import { chainProblem, periodProblem } from './chain.ts'
import { issueCertificate, selfSignedCa } from './issue.ts'
import type { KeySupply } from './key-supply.ts'
import { validityOf } from './validity.ts'

export interface EnsureCertificateOptions {
  readonly config: InitConfig
  readonly host: Pick<Host, 'readText' | 'writeFile' | 'now'>
  readonly keys: KeySupply
  /** When the run began: validity counts from here. */
  readonly start: Date
  readonly say: (line: string) => void
  readonly warn: (line: string) => void
  /**
   * What a leaf that is there must be to be kept. `trusted` (default): signed by its CA and within its period, the rest is warned of;
   * `complete`: its key and all its names must be there too, as a control plane that joins has it.
   */
  readonly kept?: 'trusted' | 'complete'
}

/**
 * As `kubeadm init phase certs <name>`: a certificate that is there is kept and never rewritten; a leaf must lead to its CA and be within
 * its period. What kubeadm lets pass in silence is warned of: names that are missing, keys that do not belong to their certificate.
 * Throws CERTIFICATE_INVALID when what is there cannot be used. Cut off at any point, it is finished by the next call.
 */
export async function ensureCertificate(spec: CertificateSpec, options: EnsureCertificateOptions): Promise<void> {
  const pair = await findPair(options.host, options.config.cluster.certificatesDir, spec.baseName)
  if (pair.certificate.kind === 'found') {
    const found = { ...pair, certificate: pair.certificate }
    await (spec.ca === undefined ? keepAuthority(spec, found, options) : keepLeaf(spec, spec.ca, found, options))
  } else {
    await make(spec, pair, options)
  }
}

type CompletePair = FoundPair & { readonly certificate: Extract<FoundPair['certificate'], { readonly kind: 'found' }> }

async function keepAuthority(
  spec: CertificateSpec,
  { paths, certificate: { certificate }, key }: CompletePair,
  options: EnsureCertificateOptions,
): Promise<void> {
  const { host, say, warn } = options
  const outside = periodProblem(certificate, host.now())
  if (outside !== undefined) warn(`certificate "${paths.certificate}" ${outside}`)
  if (!certificate.ca) warn(`certificate "${paths.certificate}" is not a CA: nothing can be signed with it`)
  if (key.kind === 'unusable') warn(`key "${paths.key}" cannot be used: ${key.why}`)
  if (key.kind === 'found' && !certificate.checkPrivateKey(key.key)) warn(foreignKey(paths))
  warnOfOutliving(certificate, options)
  say(`Using existing ${spec.baseName} ${key.kind === 'found' ? '' : 'keyless '}certificate authority`)
}

async function keepLeaf(
  spec: CertificateSpec,
  ca: string,
  pair: CompletePair,
  { config, host, say, warn, kept = 'trusted' }: EnsureCertificateOptions,
): Promise<void> {
  const {
    paths,
    key,
    certificate: { certificate, intermediates },
  } = pair
  const caPath = pairPaths(config.cluster.certificatesDir, certificateSpec(ca).baseName).certificate
  const authority = await findCertificate(host, caPath)
  if (authority.kind !== 'found') {
    const why = authority.kind === 'unusable' ? authority.why : 'it is not there'
    throw new KadmError('CERTIFICATE_INVALID', `the CA of certificate "${paths.certificate}" cannot be read from "${caPath}": ${why}`, {
      remedy: putAuthorityBack(config, ca, 'certificate'),
    })
  }
  const problem = chainProblem(certificate, intermediates, authority.certificate, host.now())
  if (problem !== undefined) {
    throw new KadmError(
      'CERTIFICATE_INVALID',
      `certificate "${paths.certificate}" cannot be used with CA certificate "${caPath}": ${problem}`,
      {
        remedy: [`kadm certs renew ${spec.name}`, `rm "${paths.certificate}" "${paths.key}"   # to have a new pair made`],
      },
    )
  }
  const missing = missingAltNames(certificate, spec.altNames(config))
  const hint = kept === 'trusted' ? `: run "kadm certs renew ${spec.name}" after this` : ''
  const flaws = [
    ...(key.kind === 'absent' ? [`key "${paths.key}" is not there: the certificate cannot be used without it`] : []),
    ...(key.kind === 'unusable' ? [`key "${paths.key}" cannot be used: ${key.why}`] : []),
    ...(key.kind === 'found' && !certificate.checkPrivateKey(key.key) ? [foreignKey(paths)] : []),
    ...(missing.length > 0 ? [`certificate "${paths.certificate}" is not valid for ${missing.join(', ')}${hint}`] : []),
  ]
  if (kept === 'complete') {
    if (flaws.length > 0) throw incomplete(spec, paths, flaws)
    return say(`Using the existing "${spec.baseName}" certificate and key`)
  }
  flaws.forEach(warn)
  say(`Using existing ${spec.baseName} certificate and key on disk`)
}

async function make(spec: CertificateSpec, pair: FoundPair, options: EnsureCertificateOptions): Promise<void> {
  const { config, host, keys, start, say } = options
  const { paths } = pair
  const authority = spec.ca === undefined ? undefined : await loadCertificateAuthority(host, config, spec.ca)
  refuseHalfPair(spec, pair, config)
  // The key that a cut-off run has left is as good as a new one.
  const key = pair.key.kind === 'found' ? pair.key.key : await keys.take()
  say(`Generating "${spec.baseName}" certificate and key`)
  const validity = validityOf(spec, config, start)
  const subject = spec.subject(config)
  if (authority === undefined) {
    await writePair(host, { paths, key, certificate: selfSignedCa({ commonName: subject.commonName, key, ...validity }) })
    return
  }
  const altNames = spec.altNames(config)
  await writePair(host, {
    paths,
    key,
    certificate: issueCertificate({ subject, usages: spec.usages, altNames, key, ...validity }, authority),
  })
  if (!spec.usages.includes('server')) return
  say(`${spec.baseName} serving cert is signed for DNS names [${altNames.dnsNames.join(' ')}] and IPs [${altNames.addresses.join(' ')}]`)
}

/** Nothing that the user may have lost a part of is written over. */
function refuseHalfPair({ name, ca }: CertificateSpec, { paths, certificate, key }: FoundPair, config: InitConfig): void {
  if (certificate.kind === 'announced' && key.kind !== 'unusable') return
  if (certificate.kind === 'absent' && key.kind === 'absent') return
  const bad = key.kind === 'unusable' && certificate.kind !== 'unusable' ? 'key' : 'certificate'
  const anew = `rm -f "${paths.certificate}" "${paths.key}"   # to have a new pair made; or put the missing file back`
  const remedy = ca === undefined ? putAuthorityBack(config, name, bad) : ([anew] as const)
  if (certificate.kind === 'unusable')
    throw new KadmError('CERTIFICATE_INVALID', `certificate "${paths.certificate}" cannot be read: ${certificate.why}`, { remedy })
  if (key.kind === 'unusable') throw new KadmError('CERTIFICATE_INVALID', `key "${paths.key}" cannot be used: ${key.why}`, { remedy })
  throw new KadmError('CERTIFICATE_INVALID', `key "${paths.key}" is there without its certificate "${paths.certificate}"`, { remedy })
}

function foreignKey({ certificate, key }: FoundPair['paths']): string {
  return `key "${key}" does not belong to certificate "${certificate}"`
}

function incomplete(spec: CertificateSpec, paths: FoundPair['paths'], flaws: readonly string[]): KadmError {
  return new KadmError('CERTIFICATE_INVALID', `the ${spec.name} certificate on this host cannot be used here: ${flaws[0]}`, {
    remedy: [`rm -f "${paths.certificate}" "${paths.key}"   # then run the same command again: it makes a new pair`],
    details: flaws.slice(1),
  })
}

/** What is signed today and lives longer than its CA is of no use from then on. */
function warnOfOutliving(certificate: X509Certificate, { config, start, warn }: EnsureCertificateOptions): void {
  const end = new Date(start.getTime() + config.cluster.certificateValidityPeriod)
  if (certificate.ca && end > certificate.validToDate)
    warn(`the CA ends at ${instant(certificate.validToDate)}, before the certificates that it signs now`)
}
