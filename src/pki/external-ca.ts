/** Clusters whose CA keys are kept elsewhere: what the keeper has to have signed must all be here. */
import type { X509Certificate } from 'node:crypto'
import type { InitConfig } from '../config/model.ts'
import { localServerUrl, sharedServerUrl } from '../config/server-url.ts'
import { KadmError, messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { isExternalAuthority } from './certificate-authority.ts'
import { findCertificate, findPair, pairPaths } from './certificate-files.ts'
import { certificatesOf, certificateSpec } from './certificate-specs.ts'
import { chainProblem } from './chain.ts'
import { requireTrust } from './kubeconfig/ensure-kubeconfig.ts'
import { findKubeconfig } from './kubeconfig/kubeconfig-file.ts'
import { kubeconfigSpecs, type KubeconfigSpec } from './kubeconfig/kubeconfig-specs.ts'

export interface CheckExternalCaOptions {
  readonly config: InitConfig
  readonly host: Pick<Host, 'readText' | 'stat' | 'now'>
  readonly kubeconfigDir: string
  readonly warn: (line: string) => void
}

/**
 * Which CAs are external. Throws EXTERNAL_CA_INCOMPLETE with everything that is missing or wrong, since kadm could not make it without the
 * key.
 */
export async function checkExternalCa(
  options: CheckExternalCaOptions,
): Promise<{ readonly clusterCa: boolean; readonly frontProxy: boolean }> {
  const { config, host } = options
  const [clusterCa, frontProxy] = await Promise.all([
    isExternalAuthority(host, config, 'ca'),
    isExternalAuthority(host, config, 'front-proxy-ca'),
  ])
  const problems = await Promise.all([
    clusterCa ? signedProblems('ca', options) : [],
    clusterCa ? kubeconfigProblems(kubeconfigSpecs, options) : [],
    frontProxy ? signedProblems('front-proxy-ca', options) : [],
  ])
  const details = problems.flat()
  if (details.length === 0) return { clusterCa, frontProxy }
  const missing = [...(clusterCa ? ['ca.key'] : []), ...(frontProxy ? ['front-proxy-ca.key'] : [])]
  throw externalCaIncomplete(config.cluster.certificatesDir, missing, details)
}

/** EXTERNAL_CA_INCOMPLETE: these keys of CAs are kept elsewhere, and that is what is wrong with what they must have signed. */
export function externalCaIncomplete(directory: string, missingKeys: readonly string[], details: readonly string[]): KadmError {
  return new KadmError(
    'EXTERNAL_CA_INCOMPLETE',
    `"${directory}" has a CA without its key (${missingKeys.join(' and ')}), and what that CA must have signed is not all there`,
    {
      details,
      remedy: [
        'kadm certs generate-csr   # makes requests for what is missing: have them signed and put the certificates in place',
        `or put the key of the CA into "${directory}"`,
      ],
    },
  )
}

export interface SignedOptions {
  readonly config: Pick<InitConfig, 'cluster'>
  readonly host: Pick<Host, 'readText' | 'now'>
}

/** Of each certificate that the CA of this name signs, and of its key. */
export async function signedProblems(ca: string, { config, host }: SignedOptions): Promise<readonly string[]> {
  const directory = config.cluster.certificatesDir
  const authority = await findCertificate(host, pairPaths(directory, certificateSpec(ca).baseName).certificate)
  if (authority.kind !== 'found') return []
  const problems = certificatesOf(ca).map(async ({ baseName }) => {
    const { paths, certificate, key } = await findPair(host, directory, baseName)
    return [
      ...(key.kind === 'absent' ? [`"${paths.key}" is not there`] : []),
      ...(key.kind === 'unusable' ? [`"${paths.key}" cannot be used: ${key.why}`] : []),
      ...(certificate.kind === 'absent' || certificate.kind === 'announced' ? [`"${paths.certificate}" is not there`] : []),
      ...(certificate.kind === 'unusable' ? [`"${paths.certificate}" cannot be read: ${certificate.why}`] : []),
      ...(certificate.kind === 'found' ? leafProblems(paths.certificate, certificate, authority.certificate, host.now()) : []),
    ]
  })
  return (await Promise.all(problems)).flat()
}

function leafProblems(
  path: string,
  { certificate, intermediates }: { readonly certificate: X509Certificate; readonly intermediates: readonly X509Certificate[] },
  authority: X509Certificate,
  now: Date,
): readonly string[] {
  const problem = chainProblem(certificate, intermediates, authority, now)
  return problem === undefined ? [] : [`"${path}" cannot be used with its CA: ${problem}`]
}

/** Of each of these files: it must be there and trust the CA. */
export async function kubeconfigProblems(
  specs: readonly KubeconfigSpec[],
  { config, host, kubeconfigDir, warn }: CheckExternalCaOptions,
): Promise<readonly string[]> {
  const authority = await findCertificate(host, pairPaths(config.cluster.certificatesDir, 'ca').certificate)
  if (authority.kind !== 'found') return []
  const trusted = [authority.certificate, ...authority.intermediates]
  const problems = specs.map(async (spec) => {
    const path = `${kubeconfigDir}/${spec.file}`
    try {
      const found = await findKubeconfig(host, path)
      if (found === undefined) return [`"${path}" is not there`]
      requireTrust(found, trusted)
      // kubeadm wants the shared endpoint in the kubelet's file here, and writes the local one itself: both work.
      const servers = spec.name === 'kubelet' ? [localServerUrl(config), sharedServerUrl(config)] : [spec.server(config)]
      if (!servers.includes(found.server)) warn(`kubeconfig "${path}" talks to "${found.server}", not to "${servers[0]}"`)
      return []
    } catch (error) {
      if (!(error instanceof KadmError)) throw error
      return [messageOf(error)]
    }
  })
  return (await Promise.all(problems)).flat()
}
