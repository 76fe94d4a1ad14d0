/** What a control plane must share with the others before it can join them. */
import type { InitConfig } from '../config/model.ts'
import { KadmError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { findKey, findPair } from './certificate-files.ts'
import { authoritiesOf } from './certificate-specs.ts'
import { periodProblem } from './chain.ts'
import { parsePublicKeys, spkiDer } from './keys.ts'
import { serviceAccountPaths } from './service-account.ts'

export interface CheckSharedCertificatesOptions {
  readonly config: Pick<InitConfig, 'cluster'>
  readonly host: Pick<Host, 'readText' | 'now'>
  readonly warn: (line: string) => void
}

/**
 * For a join without certificate key (with one they are downloaded), before the host is touched, and after a download. Throws
 * CERTIFICATE_INVALID with everything that is missing or wrong: CA certificates, the service account's pair. A CA key that is not there is
 * only warned of: it may be kept elsewhere. An external etcd's files are a preflight check (`ExternalEtcdClientCertificates`).
 */
export async function checkSharedCertificates({ config, host, warn }: CheckSharedCertificatesOptions): Promise<void> {
  const { certificatesDir: directory } = config.cluster
  const problems = await Promise.all([
    ...authoritiesOf(config.cluster).map(({ baseName }) => authorityProblems(baseName, directory, { host, warn })),
    serviceAccountProblems(config, host),
  ])
  const details = problems.flat()
  if (details.length === 0) return
  throw new KadmError('CERTIFICATE_INVALID', `this host lacks certificates that all control planes share: ${details.length} problems`, {
    details,
    remedy: [
      'kadm init phase upload-certs --upload-certs   # on a control plane; then run this command again with the --certificate-key that it prints',
      `or copy the files from a control plane into "${directory}", with the same names`,
    ],
  })
}

async function authorityProblems(
  baseName: string,
  directory: string,
  { host, warn }: Pick<CheckSharedCertificatesOptions, 'host' | 'warn'>,
): Promise<readonly string[]> {
  const { paths, certificate, key } = await findPair(host, directory, baseName)
  if (certificate.kind === 'unusable') return [`"${paths.certificate}" cannot be read: ${certificate.why}`]
  if (certificate.kind !== 'found') return [`"${paths.certificate}" is not there`]
  if (!certificate.certificate.ca) return [`"${paths.certificate}" is not a CA`]
  const outside = periodProblem(certificate.certificate, host.now())
  if (outside !== undefined) warn(`certificate "${paths.certificate}" ${outside}`)
  if (key.kind === 'unusable') return [`"${paths.key}" cannot be used: ${key.why}`]
  if (key.kind === 'absent') warn(`"${paths.key}" is not there: what this CA signs must be on this host already`)
  else if (!certificate.certificate.checkPrivateKey(key.key)) return [`"${paths.key}" does not belong to "${paths.certificate}"`]
  return []
}

async function serviceAccountProblems({ cluster }: Pick<InitConfig, 'cluster'>, host: Pick<Host, 'readText'>): Promise<readonly string[]> {
  const paths = serviceAccountPaths({ cluster })
  const key = await findKey(host, paths.privateKey)
  const text = await host.readText(paths.publicKey)
  const publicKeys = text === undefined ? [] : parsePublicKeys(text)
  const own =
    key.kind === 'absent'
      ? [`"${paths.privateKey}" is not there`]
      : key.kind === 'unusable'
        ? [`"${paths.privateKey}" cannot be used: ${key.why}`]
        : []
  const half =
    text === undefined
      ? [`"${paths.publicKey}" is not there`]
      : publicKeys.length === 0
        ? [`"${paths.publicKey}" holds no RSA or ECDSA public key`]
        : []
  if (key.kind !== 'found' || publicKeys.length === 0) return [...own, ...half]
  const wanted = spkiDer(key.key)
  return publicKeys.some((one) => spkiDer(one).equals(wanted)) ? [] : [`"${paths.publicKey}" does not belong to "${paths.privateKey}"`]
}
