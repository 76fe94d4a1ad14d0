/** Who the kubelet of a host is in the cluster. */
import { X509Certificate } from 'node:crypto'
import { paths } from '../config/paths.ts'
import type { Host } from '../host/host.ts'
import { findKubeconfig, userCredentials } from './kubeconfig/kubeconfig-file.ts'

/**
 * The name of its Node, by the certificate that kubelet.conf has or leads to; `undefined` when there is none. Throws KUBECONFIG_INVALID.
 */
export async function nodeNameOfKubelet(host: Pick<Host, 'readText'>): Promise<string | undefined> {
  const file = await findKubeconfig(host, paths.kubeletConf)
  const { clientCertificate } = file === undefined ? {} : await userCredentials(host, file)
  if (clientCertificate === undefined) return undefined
  return /^CN=system:node:(?<name>.+)$/m.exec(new X509Certificate(clientCertificate).subject)?.groups?.['name']
}
