/** A CA to sign with, and how to tell that its key is kept elsewhere. */
import type { InitConfig } from '../config/model.ts'
import { KadmError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { findCertificate, findPair, pairPaths } from './certificate-files.ts'
import { certificateSpec } from './certificate-specs.ts'
import type { CertificateAuthority } from './issue.ts'

/** The CA of this name in the certificate table. Throws CERTIFICATE_INVALID when nothing can be signed with it. */
export async function loadCertificateAuthority(
  host: Pick<Host, 'readText'>,
  { cluster }: Pick<InitConfig, 'cluster'>,
  name: string,
): Promise<CertificateAuthority> {
  const { baseName } = certificateSpec(name)
  const { paths, certificate, key } = await findPair(host, cluster.certificatesDir, baseName)
  const remedy = [`kadm init phase certs ${name}`, `or put the files of the CA at "${paths.certificate}" and "${paths.key}"`] as const
  const refuse = (what: string): KadmError => new KadmError('CERTIFICATE_INVALID', what, { remedy })
  if (certificate.kind === 'unusable') throw refuse(`CA certificate "${paths.certificate}" cannot be read: ${certificate.why}`)
  if (certificate.kind !== 'found') throw refuse(`CA certificate "${paths.certificate}" is not there`)
  if (key.kind === 'unusable') throw refuse(`CA key "${paths.key}" cannot be used: ${key.why}`)
  if (key.kind === 'absent') throw refuse(`CA key "${paths.key}" is not there: nothing can be signed`)
  if (!certificate.certificate.ca) throw refuse(`certificate "${paths.certificate}" is not a CA`)
  if (!certificate.certificate.checkPrivateKey(key.key))
    throw refuse(`CA key "${paths.key}" does not belong to certificate "${paths.certificate}"`)
  return { certificate: certificate.certificate, key: key.key }
}

/** The CA's certificate is there and its key is not: whoever keeps the key signs for this cluster. */
export async function isExternalAuthority(
  host: Pick<Host, 'readText' | 'stat'>,
  { cluster }: Pick<InitConfig, 'cluster'>,
  name: string,
): Promise<boolean> {
  const paths = pairPaths(cluster.certificatesDir, certificateSpec(name).baseName)
  const found = await findCertificate(host, paths.certificate)
  return found.kind === 'found' && found.certificate.ca && (await host.stat(paths.key)) === undefined
}
