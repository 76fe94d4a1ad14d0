/** The text of a kubeconfig whose user has a certificate that the CA signs for it. */
import type { KeyObject } from 'node:crypto'
import { noAltNames } from '../alt-names.ts'
import { issueCertificate, type CertificateAuthority } from '../issue.ts'
import { kubeconfigText } from './kubeconfig-file.ts'
import { pemText } from '../pem.ts'
import type { Subject } from '../x509.ts'

export interface CertificateUser {
  /** The user is the common name, its groups are the organizations. */
  readonly subject: Subject
  readonly key: KeyObject
  readonly notAfter: Date
  readonly clusterName: string
  /** URL. */
  readonly server: string
}

export function certificateKubeconfig(ca: CertificateAuthority, { subject, key, notAfter, clusterName, server }: CertificateUser): string {
  // Unlike the certificates of the table, these begin when their CA does: kubeadm's rule.
  const notBefore = ca.certificate.validFromDate
  const certificate = issueCertificate({ subject, usages: ['client'], altNames: noAltNames, key, notBefore, notAfter }, ca)
  return kubeconfigText({
    clusterName,
    server,
    certificateAuthority: pemText('CERTIFICATE', ca.certificate.raw), // of a bundle the first only, as kubeadm has it
    userName: subject.commonName,
    user: { certificate, key },
  })
}
