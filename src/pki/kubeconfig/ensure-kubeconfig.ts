/** One kubeconfig file of the control plane: kept when it is there and trusts this cluster's CA, else made. */
import type { X509Certificate } from 'node:crypto'
import type { InitConfig } from '../../config/model.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { isExternalAuthority, loadCertificateAuthority } from '../certificate-authority.ts'
import { parseCertificates } from '../certificate-bundle.ts'
import { certificateKubeconfig } from './certificate-kubeconfig.ts'
import { periodProblem } from '../chain.ts'
import type { KeySupply } from '../key-supply.ts'
import { parsePrivateKey } from '../keys.ts'
import { findKubeconfig, userCredentials, type Kubeconfig } from './kubeconfig-file.ts'
import type { KubeconfigSpec } from './kubeconfig-specs.ts'

export interface EnsureKubeconfigOptions {
  readonly config: InitConfig
  readonly host: Pick<Host, 'readText' | 'stat' | 'writeFile' | 'now'>
  readonly keys: KeySupply
  /** Folder of the file. */
  readonly directory: string
  /** When the run began: validity counts from here. */
  readonly start: Date
  readonly say: (line: string) => void
  readonly warn: (line: string) => void
}

/**
 * As `kubeadm init phase kubeconfig <name>`. Throws CERTIFICATE_INVALID when the CA cannot sign, and KUBECONFIG_INVALID when the file that
 * is there is no kubeconfig or trusts another CA. With an external CA nothing is made: the user has to bring the file, which
 * `checkExternalCa` has looked at.
 */
export async function ensureKubeconfig(
  spec: KubeconfigSpec,
  { config, host, keys, directory, start, say, warn }: EnsureKubeconfigOptions,
): Promise<void> {
  if (await isExternalAuthority(host, config, 'ca')) return say(`External CA mode: Using user provided ${spec.file}`)
  const ca = await loadCertificateAuthority(host, config, 'ca')
  const path = `${directory}/${spec.file}`
  const found = await findKubeconfig(host, path)
  if (found !== undefined) {
    requireTrust(found, [ca.certificate])
    const server = spec.server(config)
    if (found.server !== server) warn(`kubeconfig "${path}" talks to "${found.server}", not to "${server}"`)
    const problem = await credentialsProblem(host, found)
    if (problem !== undefined) warn(`kubeconfig "${path}" ${problem}`)
    return say(`Using existing kubeconfig file: "${path}"`)
  }
  const outside = periodProblem(ca.certificate, host.now())
  if (outside !== undefined) warn(`the CA that signs for "${path}" ${outside}`)
  const text = certificateKubeconfig(ca, {
    subject: spec.subject(config),
    // Everything waits for the kubelet: its key goes first.
    key: await keys.take({ first: spec.name === 'kubelet' }),
    notAfter: new Date(start.getTime() + config.cluster.certificateValidityPeriod),
    clusterName: config.cluster.clusterName,
    server: spec.server(config),
  })
  say(`Writing "${spec.file}" kubeconfig file`)
  await host.writeFile(path, text, { mode: 0o600, secret: true })
}

/** Throws KUBECONFIG_INVALID unless the first CA certificate in the file is one of these. Certificates are compared, not texts. */
export function requireTrust({ path, certificateAuthority = '' }: Kubeconfig, trusted: readonly X509Certificate[]): void {
  const [first] = certificatesIn(certificateAuthority)
  if (first !== undefined && trusted.some(({ raw }) => raw.equals(first.raw))) return
  const what = first === undefined ? 'has no CA certificate that can be read' : 'does not trust the CA of this cluster'
  throw new KadmError('KUBECONFIG_INVALID', `kubeconfig "${path}" is there already and ${what}`, {
    remedy: [`mv "${path}" "${path}.old"   # to have a new one made`],
  })
}

/** Of a user with a client certificate; other ways to log in are not looked at. */
async function credentialsProblem(host: Pick<Host, 'readText' | 'now'>, kubeconfig: Kubeconfig): Promise<string | undefined> {
  const { clientCertificate, clientKey } = await userCredentials(host, kubeconfig)
  if (clientCertificate === undefined) return undefined
  const [certificate] = certificatesIn(clientCertificate)
  if (certificate === undefined) return 'has no client certificate that can be read'
  const key = parsePrivateKey(clientKey ?? '')
  if (key === undefined) return 'has no client key that can be read'
  if (!certificate.checkPrivateKey(key)) return 'has the client key of another certificate'
  const outside = periodProblem(certificate, host.now())
  return outside === undefined ? undefined : `has a client certificate that ${outside}`
}

function certificatesIn(text: string): readonly X509Certificate[] {
  try {
    return parseCertificates(text)
  } catch {
    return []
  }
}
