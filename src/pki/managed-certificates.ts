/**
 * The certificates that `certs renew` and `certs check-expiration` are about: each leaf in files, and each in a kubeconfig but the
 * kubelet's, which renews its own.
 */
import type { X509Certificate } from 'node:crypto'
import { textAt } from '../config/document-fields.ts'
import type { ClusterConfiguration, InitConfig } from '../config/model.ts'
import { paths } from '../config/paths.ts'
import { KadmError, messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { parseCertificates } from './certificate-bundle.ts'
import { findCertificate, pairPaths } from './certificate-files.ts'
import { certificateSpecs } from './certificate-specs.ts'
import { findKubeconfig, type Kubeconfig } from './kubeconfig/kubeconfig-file.ts'
import { entryNamed } from './kubeconfig/kubeconfig-entries.ts'
import { kubeconfigSpecs } from './kubeconfig/kubeconfig-specs.ts'

export interface ManagedCertificate {
  /** Name of the certificate, or of the kubeconfig file that it stands in. */
  readonly name: string
  /** `certificate for serving the Kubernetes API`: completes "<title> renewed". */
  readonly title: string
  /** Name of its CA in the certificate table. */
  readonly ca: string
  /** Not there where etcd is external. */
  readonly ofEtcd: boolean
  readonly place: { readonly kind: 'pair'; readonly baseName: string } | { readonly kind: 'kubeconfig'; readonly path: string }
}

/** By name, as kubeadm shows them. */
export const managedCertificates: readonly ManagedCertificate[] = [
  ...certificateSpecs.flatMap(({ name, title, ca, ofEtcd, baseName }) =>
    ca === undefined ? [] : [{ name, title, ca, ofEtcd, place: { kind: 'pair', baseName } as const }],
  ),
  ...kubeconfigSpecs
    .filter(({ name }) => name !== 'kubelet')
    .map(({ file, title }) => ({
      name: file,
      // kubeadm calls the scheduler a manager here.
      title: title.replace('Generate a', 'certificate embedded in the').replace('the scheduler', 'the scheduler manager'),
      ca: 'ca',
      ofEtcd: false,
      place: { kind: 'kubeconfig', path: `${paths.kubernetes}/${file}` } as const,
    })),
].toSorted((a, b) => (a.name < b.name ? -1 : 1))

/** Those that a cluster of this kind has. */
export function managedCertificatesOf({ etcd }: Pick<ClusterConfiguration, 'etcd'>): readonly ManagedCertificate[] {
  return managedCertificates.filter(({ ofEtcd }) => !ofEtcd || etcd.kind === 'local')
}

/** Only the one that init made has a super-admin.conf. */
export function isOnEveryControlPlane(name: string): boolean {
  return name !== 'super-admin.conf'
}

export type FoundManaged =
  | { readonly kind: 'missing' }
  | { readonly kind: 'found'; readonly certificate: X509Certificate; readonly kubeconfig?: Kubeconfig }

/** What is there now; of several certificates in one text the first. Throws CERTIFICATE_INVALID, KUBECONFIG_INVALID, FILE_FAILED. */
export async function findManaged(
  host: Pick<Host, 'readText'>,
  { cluster }: Pick<InitConfig, 'cluster'>,
  managed: ManagedCertificate,
): Promise<FoundManaged> {
  const { place } = managed
  const remedy = [makeAnew({ cluster }, managed)] as const
  if (place.kind === 'kubeconfig') return findEmbedded(host, place.path, remedy)
  const path = pairPaths(cluster.certificatesDir, place.baseName).certificate
  const found = await findCertificate(host, path)
  if (found.kind === 'absent') return { kind: 'missing' }
  if (found.kind === 'found') return { kind: 'found', certificate: found.certificate }
  const why = found.kind === 'unusable' ? `cannot be read: ${found.why}` : 'was not finished by a run that was cut off'
  throw new KadmError('CERTIFICATE_INVALID', `certificate "${path}" ${why}`, { remedy })
}

/** A remedy. What is there is out of the way first: it would be kept. */
export function makeAnew({ cluster }: Pick<InitConfig, 'cluster'>, { name, place }: ManagedCertificate): string {
  if (place.kind === 'kubeconfig')
    return `mv "${place.path}" "${place.path}.old" && kadm init phase kubeconfig ${name.replace(/\.conf$/, '')}   # makes a new one`
  const { certificate, key } = pairPaths(cluster.certificatesDir, place.baseName)
  return `rm -f "${certificate}" "${key}" && kadm init phase certs ${name}   # makes a new pair`
}

async function findEmbedded(host: Pick<Host, 'readText'>, path: string, remedy: readonly [string]): Promise<FoundManaged> {
  const incomplete = (what: string): KadmError => new KadmError('KUBECONFIG_INVALID', `kubeconfig "${path}" ${what}`, { remedy })
  const kubeconfig = await findKubeconfig(host, path)
  if (kubeconfig === undefined) return { kind: 'missing' }
  const cluster = entryNamed(kubeconfig.document, 'clusters', kubeconfig.clusterName, 'cluster') ?? {}
  if (textAt(cluster, 'certificate-authority-data') === '')
    throw incomplete('has no certificate-authority-data for the cluster of its current context')
  const embedded = textAt(kubeconfig.user, 'client-certificate-data')
  if (embedded === '') throw incomplete('has no client-certificate-data for the user of its current context')
  try {
    const [certificate] = parseCertificates(Buffer.from(embedded, 'base64').toString('utf8'))
    return { kind: 'found', certificate, kubeconfig }
  } catch (error) {
    throw incomplete(`has a client certificate that cannot be read: ${messageOf(error)}`)
  }
}
