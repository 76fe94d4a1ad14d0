/** Discovery by a kubeconfig file that the user trusts: its server is asked for cluster-info, verified as the file says. */
import { textAt } from '../config/document-fields.ts'
import type { FileDiscovery } from '../config/model.ts'
import { KadmError } from '../errors.ts'
import type { HttpGetOptions } from '../host/http-get.ts'
import { trustedAuthorities } from '../host/trusted-authorities.ts'
import { parseCertificates } from '../pki/certificate-bundle.ts'
import { dataAt } from '../pki/kubeconfig/kubeconfig-entries.ts'
import { waitForClusterInfo, type ClusterInfo } from './cluster-info.ts'
import { tokenUser, type BootstrapUser, type DiscoveredCluster, type DiscoveryOptions } from './discovered-cluster.ts'
import { parseDiscoveryFile, type DiscoveryFile } from './discovery-file.ts'
import { discoveryFileText, nameOfFile } from './fetch-file.ts'
import { clusterOf, parseKubeconfig } from './kubeconfig-cluster.ts'

/**
 * The cluster of the file. What cluster-info says only fills in a missing CA; another server there is a warning. The file's credentials go
 * with the question, once the server is verified: with the file's CA, or without one with the host's own.
 */
export async function discoverByFile(discovery: FileDiscovery, options: DiscoveryOptions): Promise<DiscoveredCluster> {
  const { kubeConfigPath, tlsBootstrapToken = '' } = discovery
  const name = nameOfFile(kubeConfigPath)
  const file = await parseDiscoveryFile(await discoveryFileText(kubeConfigPath, options), kubeConfigPath, options)
  const user = tlsBootstrapToken === '' ? file.user : tokenUser(tlsBootstrapToken)
  if (user === undefined) throw noCredentials(name, file.otherCredentials)
  if (file.insecure && options.unsafeAllowInsecureDiscoveryFile !== true) throw insecure(name)

  const refreshed = await askCluster(file, name, options)
  const caPem = file.caPem ?? refreshed.caPem
  if (caPem === undefined) throw noCa(name, file.server)
  options.say?.(`the cluster at ${file.server} is the one of discovery file "${name}"`)
  const found = { server: file.server, caPem, ...(file.serverName !== undefined && { serverName: file.serverName }), user }
  return tlsBootstrapToken === ''
    ? { ...found, clusterName: file.clusterName, document: file.documentWith(caPem) }
    : { ...found, clusterName: 'kubernetes' }
}

/** What cluster-info says, as far as it can be read; that it is not what the file says is a warning. */
async function askCluster(file: DiscoveryFile, name: string, options: DiscoveryOptions): Promise<ClusterOfInfo> {
  const { server } = file
  const tls = await connectionOf(file, options)
  const remedy = [
    `curl -k ${server}/livez   # can this host reach the API server?`,
    `kubectl --kubeconfig "${name}" -n kube-public get configmap cluster-info`,
  ] as const
  const answer = await waitForClusterInfo({ server, tls, judge: (value) => ({ kind: 'done', value }), remedy }, options)
  if (tls.verify === false) options.warn?.(`"${server}" was not verified: whoever answered there is trusted from now on`)
  if (answer.kind === 'forbidden') {
    options.warn?.(`"${server}" does not let this user read cluster-info: what the discovery file says is taken as it is`)
    return {}
  }
  const found = clusterIn(answer.data)
  if (found.server !== undefined && found.server !== server) {
    options.warn?.(`the discovery file has the server "${server}", and cluster-info there has "${found.server}": the first is used`)
  }
  return found
}

interface ClusterOfInfo {
  readonly server?: string
  readonly caPem?: string
}

/** Without a CA, and told not to verify, nothing secret is sent. */
async function connectionOf(
  file: DiscoveryFile,
  { host }: DiscoveryOptions,
): Promise<Pick<HttpGetOptions, 'ca' | 'verify' | 'cert' | 'key' | 'headers' | 'serverName'>> {
  if (file.insecure && file.caPem === undefined) return { verify: false }
  const ca = file.caPem ?? (await trustedAuthorities(host))
  if (ca === undefined) throw noCa(file.server, file.server)
  return { ca, ...(file.serverName !== undefined && { serverName: file.serverName }), ...credentialsOf(file.user) }
}

function credentialsOf(user: BootstrapUser | undefined): Pick<HttpGetOptions, 'cert' | 'key' | 'headers'> {
  if (user === undefined) return {}
  return user.kind === 'token' ? { headers: { authorization: `Bearer ${user.token}` } } : { cert: user.certificate, key: user.key }
}

/** Empty when cluster-info cannot be used: the file counts. */
function clusterIn({ kubeconfig = '' }: ClusterInfo): ClusterOfInfo {
  try {
    const { cluster } = clusterOf(parseKubeconfig(kubeconfig))
    const caPem = dataAt(cluster, 'certificate-authority-data')
    if (caPem !== '') parseCertificates(caPem)
    return { server: textAt(cluster, 'server'), ...(caPem !== '' && { caPem }) }
  } catch {
    return {}
  }
}

function noCredentials(name: string, other: string | undefined): KadmError {
  const what = other === undefined ? 'no credentials' : `only credentials of a kind that a joining node cannot use (${other})`
  return new KadmError('KUBECONFIG_INVALID', `the discovery file "${name}" has ${what}, and there is no discovery.tlsBootstrapToken`, {
    remedy: ['kadm token create   # on a control plane; then add --tls-bootstrap-token <token> to kadm join'],
  })
}

function insecure(name: string): KadmError {
  return new KadmError(
    'DISCOVERY_UNTRUSTED',
    `the discovery file "${name}" says insecure-skip-tls-verify: anybody could answer in the cluster's name`,
    {
      remedy: [
        'put the CA of the cluster into it: certificate-authority-data',
        'or trust whoever answers first: --discovery-unsafe-allow-insecure-file',
      ],
    },
  )
}

function noCa(name: string, server: string): KadmError {
  return new KadmError('KUBECONFIG_INVALID', `the discovery file "${name}" has no CA, and cluster-info of "${server}" did not tell one`, {
    remedy: ['put the CA of the cluster into it: certificate-authority-data'],
  })
}
