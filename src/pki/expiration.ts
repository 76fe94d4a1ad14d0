/** When the certificates of a control plane end, from its files. */
import type { X509Certificate } from 'node:crypto'
import type { InitConfig } from '../config/model.ts'
import { KadmError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { eachWithAllProblems } from './all-problems.ts'
import { putAuthorityBack } from './certificate-authority.ts'
import { findCertificate, pairPaths } from './certificate-files.ts'
import { authoritiesOf, certificateSpec } from './certificate-specs.ts'
import { externalCaIncomplete, signedProblems } from './external-ca.ts'
import { findManaged, managedCertificatesOf, type ManagedCertificate } from './managed-certificates.ts'

/** One row of `certs check-expiration`. */
export type CertificateExpiration =
  | { readonly kind: 'missing'; readonly name: string }
  | {
      readonly kind: 'found'
      readonly name: string
      readonly certificate: X509Certificate
      /** Name of the CA in the certificate table; a CA has none here. */
      readonly ca?: string
      /** The key of the CA is kept elsewhere: kadm cannot renew it. */
      readonly externallyManaged: boolean
    }

export interface Expirations {
  readonly certificates: readonly CertificateExpiration[]
  readonly authorities: readonly CertificateExpiration[]
}

export interface ExpirationOptions {
  readonly config: Pick<InitConfig, 'cluster'>
  readonly host: Pick<Host, 'readText' | 'stat' | 'now'>
}

/**
 * All certificates and CAs, by name. Throws, with every problem found, CERTIFICATE_INVALID, KUBECONFIG_INVALID, EXTERNAL_CA_INCOMPLETE,
 * FILE_FAILED.
 */
export async function certificateExpirations(options: ExpirationOptions): Promise<Expirations> {
  const { config, host } = options
  const external = externalAuthorities(options)
  const leaf = async (managed: ManagedCertificate): Promise<CertificateExpiration> => {
    const found = await findManaged(host, config, managed)
    const { name, ca } = managed
    if (found.kind === 'missing') return { kind: 'missing', name }
    return { kind: 'found', name, ca, certificate: found.certificate, externallyManaged: await external(ca) }
  }
  const authority = async (name: string): Promise<CertificateExpiration> => {
    const found = await findCertificate(host, certificatePath(config, name))
    if (found.kind === 'absent') return { kind: 'missing', name }
    const externallyManaged = await external(name)
    if (found.kind !== 'found') throw unreadable(config, name, found.kind === 'unusable' ? found.why : 'it is not finished')
    return { kind: 'found', name, certificate: found.certificate, externallyManaged }
  }
  const leaves = managedCertificatesOf(config.cluster)
  const names = authoritiesOf(config.cluster).map(({ name }) => name)
  const rows = await eachWithAllProblems([
    ...leaves.map((managed) => () => leaf(managed)),
    ...names.toSorted().map((name) => () => authority(name)),
  ])
  return { certificates: rows.slice(0, leaves.length), authorities: rows.slice(leaves.length) }
}

/**
 * Tells of a CA, by its name, whether its key is kept elsewhere: each is looked at once. Then throws EXTERNAL_CA_INCOMPLETE unless all that
 * it must have signed is there and good; and CERTIFICATE_INVALID for a CA that is missing or none.
 */
export function externalAuthorities({ config, host }: ExpirationOptions): (ca: string) => Promise<boolean> {
  const looked = new Map<string, Promise<boolean>>()
  const look = async (ca: string): Promise<boolean> => {
    const { baseName } = certificateSpec(ca)
    const found = await findCertificate(host, certificatePath(config, ca))
    if (found.kind !== 'found') throw unreadable(config, ca, found.kind === 'unusable' ? found.why : 'it is not there')
    if (!found.certificate.ca) throw unreadable(config, ca, 'it is not a CA')
    if ((await host.stat(pairPaths(config.cluster.certificatesDir, baseName).key)) !== undefined) return false
    const problems = await signedProblems(ca, { config, host })
    if (problems.length > 0) throw externalCaIncomplete(config.cluster.certificatesDir, [`${baseName}.key`], problems)
    return true
  }
  return (ca) => {
    const answer = looked.get(ca) ?? look(ca)
    looked.set(ca, answer)
    return answer
  }
}

function certificatePath({ cluster }: Pick<InitConfig, 'cluster'>, name: string): string {
  return pairPaths(cluster.certificatesDir, certificateSpec(name).baseName).certificate
}

function unreadable(config: Pick<InitConfig, 'cluster'>, ca: string, why: string): KadmError {
  const path = certificatePath(config, ca)
  return new KadmError('CERTIFICATE_INVALID', `CA certificate "${path}" cannot be used: ${why}`, {
    remedy: putAuthorityBack(config, ca, 'certificate'),
  })
}
