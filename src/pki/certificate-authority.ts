/** A CA to sign with, and how to tell that its key is kept elsewhere. */
import type { InitConfig } from '../config/model.ts'
import { paths as kubernetesPaths } from '../config/paths.ts'
import { KadmError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { findCertificate, findPair, pairPaths, type PairPaths } from './certificate-files.ts'
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
  const refuse = (part: keyof PairPaths, what: string): KadmError => {
    const isUnmade = certificate.kind === 'announced' || (certificate.kind === 'absent' && key.kind === 'absent')
    const back = putAuthorityBack({ cluster }, name, part)
    return new KadmError('CERTIFICATE_INVALID', what, {
      remedy: isUnmade ? [`kadm init phase certs ${name}   # where the cluster has no CA yet`, ...back] : back,
    })
  }
  if (certificate.kind === 'unusable')
    throw refuse('certificate', `CA certificate "${paths.certificate}" cannot be read: ${certificate.why}`)
  if (certificate.kind !== 'found') throw refuse('certificate', `CA certificate "${paths.certificate}" is not there`)
  if (key.kind === 'unusable') throw refuse('key', `CA key "${paths.key}" cannot be used: ${key.why}`)
  if (key.kind === 'absent') throw refuse('key', `CA key "${paths.key}" is not there: nothing can be signed`)
  if (!certificate.certificate.ca) throw refuse('certificate', `certificate "${paths.certificate}" is not a CA`)
  if (!certificate.certificate.checkPrivateKey(key.key))
    throw refuse('key', `CA key "${paths.key}" does not belong to certificate "${paths.certificate}"`)
  return { certificate: certificate.certificate, key: key.key }
}

/** How to come by a file of a CA again. Never by removing what is left of it: a new CA is one that nothing of the cluster trusts. */
export function putAuthorityBack(
  { cluster }: Pick<InitConfig, 'cluster'>,
  name: string,
  part: keyof PairPaths,
): readonly [string, ...string[]] {
  const path = pairPaths(cluster.certificatesDir, certificateSpec(name).baseName)[part]
  if (part === 'key') return [`put the CA's key back at "${path}": every control plane has it`]
  const back = `put the CA's certificate back at "${path}": every control plane has it`
  if (name !== 'ca') return [back]
  const data = `-o jsonpath='{.clusters[0].cluster.certificate-authority-data}'`
  return [
    back,
    `kubectl --kubeconfig "${kubernetesPaths.kubernetes}/admin.conf" config view --raw --minify ${data} | base64 -d >"${path}.new" && test -s "${path}.new" && install -m 644 "${path}.new" "${path}"   # on the host: it is in admin.conf too, and in the ConfigMap kube-public/cluster-info`,
  ]
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
