/** Every kubeconfig that is where kubeconfigs are kept on a host, with the certificate of its user. */
import type { X509Certificate } from 'node:crypto'
import { paths } from '../../config/paths.ts'
import { messageOf } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { parseCertificates } from '../certificate-bundle.ts'
import { findKubeconfig, namedKubeconfigs, userCredentials } from './kubeconfig-file.ts'

export type KubeconfigCertificate = { readonly path: string } & (
  | { readonly kind: 'seen'; readonly user: string; readonly certificate: X509Certificate }
  /** Without a certificate that can be read: a token, or what is wrong. */
  | { readonly kind: 'unseen'; readonly why: string }
)

/** Those in /etc/kubernetes, those that KUBECONFIG names, and ~/.kube/config. */
export async function kubeconfigsOnHost(host: Pick<Host, 'readText' | 'list' | 'facts'>): Promise<readonly KubeconfigCertificate[]> {
  const { environment } = await host.facts()
  const own = ((await host.list(paths.kubernetes)) ?? [])
    .filter((name) => name.endsWith('.conf'))
    .map((name) => `${paths.kubernetes}/${name}`)
  const home = environment['HOME'] ?? ''
  const all = [...new Set([...own, ...namedKubeconfigs(environment), ...(home === '' ? [] : [`${home}/.kube/config`])])]
  return (await Promise.all(all.map((path) => look(host, path)))).filter((row) => row !== undefined)
}

async function look(host: Pick<Host, 'readText'>, path: string): Promise<KubeconfigCertificate | undefined> {
  try {
    const kubeconfig = await findKubeconfig(host, path)
    if (kubeconfig === undefined) return undefined
    const { clientCertificate, token } = await userCredentials(host, kubeconfig)
    if (clientCertificate === undefined)
      return { kind: 'unseen', path, why: token === undefined ? 'its user has no certificate' : 'its user has a token' }
    const [certificate] = parseCertificates(clientCertificate)
    return { kind: 'seen', path, user: kubeconfig.userName, certificate }
  } catch (error) {
    return { kind: 'unseen', path, why: messageOf(error) }
  }
}
