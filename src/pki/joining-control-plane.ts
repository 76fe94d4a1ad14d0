/** Certificates and kubeconfig files of a control plane that joins others: all of it signed by the CAs that they share. */
import type { InitConfig } from '../config/model.ts'
import type { Host } from '../host/host.ts'
import { pairPaths } from './certificate-files.ts'
import { authoritiesOf, certificatesOf, type CertificateSpec } from './certificate-specs.ts'
import { checkSharedCertificates } from './check-shared-certificates.ts'
import { ensureCertificate, type EnsureCertificateOptions } from './ensure-certificate.ts'
import { ensureKubeconfig, type EnsureKubeconfigOptions } from './kubeconfig/ensure-kubeconfig.ts'
import { externalCaIncomplete, kubeconfigProblems, signedProblems } from './external-ca.ts'
import { kubeconfigSpecs, type KubeconfigSpec } from './kubeconfig/kubeconfig-specs.ts'

/** The files that a join makes: the kubelet gets its own by TLS bootstrap, and super-admin.conf stays where init made it. */
export const joiningKubeconfigs: readonly KubeconfigSpec[] = kubeconfigSpecs.filter(({ name }) =>
  ['admin', 'controller-manager', 'scheduler'].includes(name),
)

export type EnsureJoiningCertificatesOptions = Omit<EnsureCertificateOptions, 'host' | 'kept'> & {
  readonly host: Pick<Host, 'readText' | 'stat' | 'writeFile' | 'now'>
}

/**
 * `control-plane-prepare certs`, when the shared certificates are there (downloaded or copied): every leaf of this node. `config` is the
 * cluster's, with this node's name and address. One that is there must fit this node in all: key, CA, period, names. Leafs of a CA whose
 * key is kept elsewhere must be there. Unlike kubeadm it never makes a CA or a service account key: they would be another cluster's.
 * Throws CERTIFICATE_INVALID, EXTERNAL_CA_INCOMPLETE. Cut off at any point, it is finished by the next call.
 */
export async function ensureJoiningCertificates(options: EnsureJoiningCertificatesOptions): Promise<void> {
  const { config, host, say } = options
  const { certificatesDir } = config.cluster
  await checkSharedCertificates({ config, host, warn: () => {} })
  const keyless = await keylessAuthorities(options)
  const problems = await Promise.all(keyless.map(({ name }) => signedProblems(name, options)))
  const details = problems.flat()
  if (details.length > 0)
    throw externalCaIncomplete(
      certificatesDir,
      keyless.map(({ baseName }) => `${baseName}.key`),
      details,
    )
  const leafs = authoritiesOf(config.cluster).flatMap(({ name }) => certificatesOf(name))
  await Promise.all(leafs.map((spec) => ensureCertificate(spec, { ...options, kept: 'complete' })))
  say(`Valid certificates and keys now exist in "${certificatesDir}"`)
  say('Using the existing "sa" key')
}

export type EnsureJoiningKubeconfigsOptions = EnsureKubeconfigOptions

/**
 * `control-plane-prepare kubeconfig`: admin.conf, controller-manager.conf, scheduler.conf, as init makes them. With an external CA they
 * must be there and trust it (kubeadm does not look). Throws CERTIFICATE_INVALID, KUBECONFIG_INVALID, EXTERNAL_CA_INCOMPLETE.
 */
export async function ensureJoiningKubeconfigs(options: EnsureJoiningKubeconfigsOptions): Promise<void> {
  const { config, directory } = options
  const isExternal = (await keylessAuthorities(options)).some(({ name }) => name === 'ca')
  const details = isExternal ? await kubeconfigProblems(joiningKubeconfigs, { ...options, kubeconfigDir: directory }) : []
  if (details.length > 0) throw externalCaIncomplete(config.cluster.certificatesDir, ['ca.key'], details)
  await Promise.all(joiningKubeconfigs.map((spec) => ensureKubeconfig(spec, options)))
}

/**
 * How many keys a join is going to make: what its key supply should make ahead. 10 on a fresh host with local etcd, 0 on a finished one.
 */
export async function countJoiningKeys(host: Pick<Host, 'stat'>, config: InitConfig, kubeconfigDir: string): Promise<number> {
  const leafs = authoritiesOf(config.cluster).flatMap(({ name }) => certificatesOf(name))
  const paths = [
    ...leafs.map(({ baseName }) => pairPaths(config.cluster.certificatesDir, baseName).key),
    ...joiningKubeconfigs.map(({ file }) => `${kubeconfigDir}/${file}`),
  ]
  const found = await Promise.all(paths.map((path) => host.stat(path)))
  return found.filter((stat) => stat === undefined).length
}

async function keylessAuthorities({
  config,
  host,
}: Pick<EnsureJoiningCertificatesOptions, 'config' | 'host'>): Promise<readonly CertificateSpec[]> {
  const { certificatesDir } = config.cluster
  const found = await Promise.all(
    authoritiesOf(config.cluster).map(async (spec) => ({ spec, stat: await host.stat(pairPaths(certificatesDir, spec.baseName).key) })),
  )
  return found.filter(({ stat }) => stat === undefined).map(({ spec }) => spec)
}
