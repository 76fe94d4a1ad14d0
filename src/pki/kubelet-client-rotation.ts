import { dumpYaml } from '../config/yaml.ts'
import { KadmError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { findKubeconfig, readKubeconfig, withCluster, withUser } from './kubeconfig/kubeconfig-file.ts'

/**
 * Makes the current user of a kubeconfig take certificate and key from a file, such as the one that the kubelet renews by itself, in place
 * of what is embedded. All else in the file stays. Throws KUBECONFIG_INVALID when it has no current context with a user.
 */
export async function pointKubeconfigAtFile(host: Pick<Host, 'readText' | 'writeFile'>, path: string, pemPath: string): Promise<void> {
  const { document, user, userName } = await readKubeconfig(host, path)
  if (userName === '' || Object.keys(user).length === 0) {
    throw new KadmError('KUBECONFIG_INVALID', `kubeconfig "${path}" has no user in its current context`, {
      remedy: [`rm "${path}" && kadm init phase kubeconfig kubelet`],
    })
  }
  const rest = Object.entries(user).filter(([key]) => key !== 'client-certificate-data' && key !== 'client-key-data')
  const pointed = { ...Object.fromEntries(rest), 'client-certificate': pemPath, 'client-key': pemPath }
  await host.writeFile(path, dumpYaml(withUser(document, userName, pointed)), { mode: 0o600, keepMode: true, secret: true })
}

/**
 * Makes the current cluster of a kubeconfig be reached by another URL. All else stays. @returns whether it was another before; a file that
 * is not there has none. Throws KUBECONFIG_INVALID.
 */
export async function pointKubeconfigAtServer(host: Pick<Host, 'readText' | 'writeFile'>, path: string, server: string): Promise<boolean> {
  const found = await findKubeconfig(host, path)
  if (found === undefined || found.server === server) return false
  await host.writeFile(path, dumpYaml(withCluster(found.document, found.clusterName, { server })), {
    mode: 0o600,
    keepMode: true,
    secret: true,
  })
  return true
}
