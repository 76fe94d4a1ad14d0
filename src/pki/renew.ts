/** Renewal: a new key and a new certificate with the names, subject and usages of the one that is there. */
import type { KeyObject, X509Certificate } from 'node:crypto'
import type { InitConfig } from '../config/model.ts'
import { dumpYaml } from '../config/yaml.ts'
import { KadmError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { instant } from '../host/instant.ts'
import { eachWithAllProblems } from './all-problems.ts'
import { loadCertificateAuthority } from './certificate-authority.ts'
import { pairPaths } from './certificate-files.ts'
import { certificateIdentity } from './certificate-identity.ts'
import { certificateSpec } from './certificate-specs.ts'
import { periodProblem } from './chain.ts'
import { externalAuthorities } from './expiration.ts'
import { issueCertificate, type CertificateAuthority } from './issue.ts'
import { keySupply } from './key-supply.ts'
import { privateKeyPem } from './keys.ts'
import { base64Of } from './kubeconfig/kubeconfig-entries.ts'
import { withCluster, withUser, type Kubeconfig } from './kubeconfig/kubeconfig-file.ts'
import { findManaged, makeAnew, managedCertificatesOf, type ManagedCertificate } from './managed-certificates.ts'
import { pemText } from './pem.ts'
import { finishReplacement, replacePair } from './replace-pair.ts'
import { validityOf } from './validity.ts'

export interface RenewOptions {
  readonly config: Pick<InitConfig, 'cluster'>
  readonly host: Pick<Host, 'readText' | 'stat' | 'writeFile' | 'removeFile' | 'now'>
  /** Validity counts from here. */
  readonly start: Date
  /** Hears of each as it is done, in the order given. */
  readonly onOutcome: (outcome: RenewalOutcome) => void
  readonly warn: (line: string) => void
  readonly signal: AbortSignal
}

export type RenewalOutcome = { readonly managed: ManagedCertificate } & (
  | { readonly kind: 'renewed'; readonly old: X509Certificate }
  | { readonly kind: 'missing' }
  /** The key of its CA is kept elsewhere. */
  | { readonly kind: 'external' }
)

/**
 * Renews these, whatever their end. All that is needed is looked at before the first is touched. Throws CERTIFICATE_INVALID,
 * KUBECONFIG_INVALID or EXTERNAL_CA_INCOMPLETE with every problem, and nothing is changed then; FILE_FAILED when a file cannot be written,
 * and the pair that was there is whole then. Killed at any point, it is mended by the next call.
 */
export async function renewCertificates(chosen: readonly ManagedCertificate[], options: RenewOptions): Promise<void> {
  const { config, onOutcome, signal } = options
  await finishAll(options)
  const plans = await planAll(chosen, options)
  const keys = keySupply(config.cluster.encryptionAlgorithm, plans.filter(({ kind }) => kind === 'renew').length)
  try {
    for (const plan of plans) {
      signal.throwIfAborted()
      if (plan.kind === 'renew') await renew(plan, await keys.take(), options)
      onOutcome(plan.kind === 'renew' ? { kind: 'renewed', managed: plan.managed, old: plan.old } : plan)
    }
  } finally {
    keys.stop()
  }
}

type Plan = Exclude<RenewalOutcome, { readonly kind: 'renewed' }> | Renewal

interface Renewal {
  readonly kind: 'renew'
  readonly managed: ManagedCertificate
  readonly authority: CertificateAuthority
  readonly old: X509Certificate
  readonly kubeconfig?: Kubeconfig | undefined
}

async function finishAll({ config, host, warn }: RenewOptions): Promise<void> {
  for (const { place, name } of managedCertificatesOf(config.cluster)) {
    if (place.kind !== 'pair') continue
    if (await finishReplacement(host, pairPaths(config.cluster.certificatesDir, place.baseName)))
      warn(`a renewal of ${name} had been cut off: it is finished now`)
  }
}

/** What is to be done with each; the CAs are looked at once each. */
async function planAll(chosen: readonly ManagedCertificate[], { config, host }: RenewOptions): Promise<readonly Plan[]> {
  const external = externalAuthorities({ config, host })
  const expected = new Set(managedCertificatesOf(config.cluster))
  const plan = async (managed: ManagedCertificate): Promise<Plan> => {
    // Of etcd's, where etcd is external: nothing is there that kadm looks after.
    const found = expected.has(managed) ? await findManaged(host, config, managed) : ({ kind: 'missing' } as const)
    if (found.kind === 'missing') return { kind: 'missing', managed }
    if (await external(managed.ca)) return { kind: 'external', managed }
    const authority = await loadCertificateAuthority(host, config, managed.ca)
    refuseUseless(authority.certificate, managed.ca, { config, host })
    refuseNameless(found.certificate, managed, config)
    return { kind: 'renew', managed, authority, old: found.certificate, kubeconfig: found.kubeconfig }
  }
  return eachWithAllProblems(chosen.map((managed) => () => plan(managed)))
}

function refuseUseless(authority: X509Certificate, name: string, { config, host }: Pick<RenewOptions, 'config' | 'host'>): void {
  const outside = periodProblem(authority, host.now())
  if (outside === undefined) return
  const path = pairPaths(config.cluster.certificatesDir, certificateSpec(name).baseName).certificate
  throw new KadmError('CERTIFICATE_INVALID', `CA certificate "${path}" ${outside}: nobody would trust what it signs now`, {
    remedy: [
      'date -u   # is the clock of this host right?',
      `have the CA renewed with its key, so that what it has signed stays good, and put the certificate at "${path}"`,
    ],
  })
}

function refuseNameless(certificate: X509Certificate, managed: ManagedCertificate, config: RenewOptions['config']): void {
  const { subject, usages } = certificateIdentity(certificate)
  const lacking = subject.commonName === '' ? 'common name' : usages.length === 0 ? 'extended key usage' : undefined
  if (lacking === undefined) return
  throw new KadmError(
    'CERTIFICATE_INVALID',
    `the certificate of ${managed.name} has no ${lacking}: one like it is of no use to Kubernetes`,
    {
      remedy: [makeAnew(config, managed)],
    },
  )
}

async function renew(
  { managed, authority, old, kubeconfig }: Renewal,
  key: KeyObject,
  { config, host, start, warn }: RenewOptions,
): Promise<void> {
  const validity = validityOf({ ca: managed.ca }, config, start)
  if (validity.notAfter > authority.certificate.validToDate)
    warn(`${managed.name} outlives its CA "${managed.ca}", which ends at ${instant(authority.certificate.validToDate)}`)
  const certificate = issueCertificate({ ...certificateIdentity(old), key, ...validity }, authority)
  if (managed.place.kind === 'pair') {
    await replacePair(host, { paths: pairPaths(config.cluster.certificatesDir, managed.place.baseName), key, certificate })
  } else if (kubeconfig !== undefined) {
    await renewKubeconfig(host, kubeconfig, { authority: authority.certificate, certificate, key })
  }
}

interface Renewed {
  readonly authority: X509Certificate
  readonly certificate: string
  readonly key: KeyObject
}

/** All else in the file stays. Of a bundle of CAs the first is trusted from now on, as in kubeadm. */
async function renewKubeconfig(
  host: RenewOptions['host'],
  { path, document, clusterName, userName, user }: Kubeconfig,
  { authority, certificate, key }: Renewed,
): Promise<void> {
  const mode = ((await host.stat(path))?.mode ?? 0o600) & 0o770
  const trusting = withCluster(document, clusterName, { 'certificate-authority-data': base64Of(pemText('CERTIFICATE', authority.raw)) })
  const renewed = { ...user, 'client-certificate-data': base64Of(certificate), 'client-key-data': base64Of(privateKeyPem(key)) }
  await host.writeFile(path, dumpYaml(withUser(trusting, userName, renewed)), { mode, secret: true })
}
