/** A kubeconfig for one more user of the cluster, with the rights that its name and groups are given and no others. */
import type { InitConfig } from '../../config/model.ts'
import { sharedServerUrl } from '../../config/server-url.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { loadCertificateAuthority } from '../certificate-authority.ts'
import { findCertificate, pairPaths } from '../certificate-files.ts'
import { certificateKubeconfig } from './certificate-kubeconfig.ts'
import { periodProblem } from '../chain.ts'
import { newPrivateKey } from '../keys.ts'
import { kubeconfigText } from './kubeconfig-file.ts'
import { pemText } from '../pem.ts'

export interface UserKubeconfigOptions {
  readonly config: InitConfig
  readonly host: Pick<Host, 'readText' | 'now'>
  readonly name: string
  readonly credentials:
    | { readonly kind: 'token'; readonly token: string }
    /** `period`: milliseconds from now. */
    | { readonly kind: 'certificate'; readonly organizations: readonly string[]; readonly period: number }
  readonly warn: (line: string) => void
}

/**
 * As `kubeadm kubeconfig user`; nothing is written. Throws CERTIFICATE_INVALID: a certificate needs the CA with its key, a token only the
 * CA's certificate.
 */
export async function userKubeconfig(options: UserKubeconfigOptions): Promise<string> {
  const { config, host, name, credentials, warn } = options
  const { clusterName, encryptionAlgorithm } = config.cluster
  const server = sharedServerUrl(config)
  if (credentials.kind === 'token') {
    const certificateAuthority = await trustedCertificate(options)
    return kubeconfigText({ clusterName, server, certificateAuthority, userName: name, user: { token: credentials.token } })
  }
  const { organizations, period } = credentials
  const ca = await loadCertificateAuthority(host, config, 'ca')
  const now = host.now()
  const notAfter = new Date(now.getTime() + period)
  const outside = periodProblem(ca.certificate, now)
  if (outside !== undefined) warn(`the CA "${pairPaths(config.cluster.certificatesDir, 'ca').certificate}" ${outside}`)
  else if (notAfter > ca.certificate.validToDate) warn('the certificate of the user outlives the CA that signs it: it ends with the CA')
  if (organizations.includes('system:masters')) {
    warn('the group "system:masters" passes by all of RBAC, and nobody can take that back from a certificate before it ends')
  }
  const key = await newPrivateKey(encryptionAlgorithm)
  return certificateKubeconfig(ca, { subject: { commonName: name, organizations }, key, notAfter, clusterName, server })
}

/** PEM. */
async function trustedCertificate({ config, host, warn }: UserKubeconfigOptions): Promise<string> {
  const { certificate: path } = pairPaths(config.cluster.certificatesDir, 'ca')
  const found = await findCertificate(host, path)
  if (found.kind !== 'found') {
    const why = found.kind === 'unusable' ? `cannot be read: ${found.why}` : 'is not there'
    throw new KadmError('CERTIFICATE_INVALID', `CA certificate "${path}" ${why}`, {
      remedy: ['run it on a control plane', 'or give the folder of the CA as certificatesDir in a file: --config FILE'],
    })
  }
  const outside = periodProblem(found.certificate, host.now())
  if (outside !== undefined) warn(`the CA "${path}" ${outside}`)
  return pemText('CERTIFICATE', found.certificate.raw)
}
