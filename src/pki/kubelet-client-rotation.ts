import { dumpYaml } from '../config/yaml.ts'
import { KadmError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { parseCertificates } from './certificate-bundle.ts'
import { textAt } from './kubeconfig-entries.ts'
import { findKubeconfig, readKubeconfig, userCredentials, withCluster, withUser } from './kubeconfig-file.ts'

/** The link that always leads to the certificate, and the key, that the kubelet uses. `directory`: its `--cert-dir`. */
export function currentKubeletCertificate(directory: string): string {
  return `${directory}/kubelet-client-current.pem`
}

/** `kubelet-client-2026-11-24-15-04-05.pem`, as the kubelet names what that link leads to. */
export function kubeletCertificateName(now: Date): string {
  return `kubelet-client-${now.toISOString().slice(0, 19).replaceAll(/[T:]/g, '-')}.pem`
}

/**
 * Puts what is embedded in the kubelet's kubeconfig where the kubelet keeps and renews its certificate, as it does itself when it starts, and
 * points the kubeconfig there. Nothing is done where nothing is embedded. Throws KUBECONFIG_INVALID.
 */
export async function layKubeletCertificate(
  host: Pick<Host, 'makeDirectory' | 'readText' | 'run' | 'writeFile'>,
  path: string,
  directory: string,
): Promise<boolean> {
  const kubeconfig = await findKubeconfig(host, path)
  if (kubeconfig === undefined || textAt(kubeconfig.user, 'client-key-data') === '') return false
  const { clientCertificate, clientKey } = await userCredentials(host, kubeconfig)
  if (clientCertificate === undefined || clientKey === undefined) return false
  const begin = beginOf(clientCertificate)
  if (begin === undefined) return false
  // A name that a run which goes on with this one comes to as well: two of them would lie there, or the half of one.
  const file = `${directory}/${kubeletCertificateName(begin)}`
  const current = currentKubeletCertificate(directory)
  await host.makeDirectory(directory, 0o755)
  await host.writeFile(file, `${clientCertificate.trimEnd()}\n${clientKey}`, { mode: 0o600, secret: true })
  // After a power cut a kubeconfig that leads nowhere would be worse than none.
  await host.run(['sh', '-c', 'ln -sfn "$1" "$2" && sync "$3"', 'sh', file, current, directory])
  await pointKubeconfigAtFile(host, path, current)
  return true
}

/** `undefined` for what is no certificate: the kubelet says what is wrong with it. */
function beginOf(certificate: string): Date | undefined {
  try {
    return parseCertificates(certificate)[0].validFromDate
  } catch {
    return undefined
  }
}

/** Does the current user of this kubeconfig take its key from this file? */
export async function isPointedAtFile(host: Pick<Host, 'readText'>, path: string, pemPath: string): Promise<boolean> {
  return textAt((await findKubeconfig(host, path))?.user ?? {}, 'client-key') === pemPath
}

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
