/** From a kubeconfig file on a host to the API that it names. */
import { connectCluster } from '../../cluster/api-client.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import { paths } from '../../config/paths.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { textAt } from '../../config/document-fields.ts'
import { namedKubeconfigs, readKubeconfig, userCredentials, type Kubeconfig } from './kubeconfig-file.ts'

export interface KubeconfigClusterOptions {
  /** Another way to the same API than the file's own: `https://host:port`. */
  readonly server?: string
  /** PEM that the API must be vouched for by; absent: what the file itself trusts. */
  readonly certificateAuthority?: string | undefined
  /** Ends every call. */
  readonly signal?: AbortSignal
}

/**
 * The cluster and the user of the file's current context, dialled as the host sees them; nothing is sent before the first call. Throws
 * KUBECONFIG_INVALID.
 */
export async function connectWithKubeconfig(
  host: Pick<Host, 'readText' | 'dial'>,
  path: string,
  { server, certificateAuthority, signal }: KubeconfigClusterOptions = {},
): Promise<Cluster> {
  const file = await readKubeconfig(host, path)
  const { clientCertificate, clientKey, token: given } = await userCredentials(host, file)
  const token = await bearerToken(host, file, given)
  refuseOtherWays(file, token !== undefined || (clientCertificate !== undefined && clientKey !== undefined))
  return connectCluster({
    server: server ?? file.server,
    ca: certificateAuthority ?? file.certificateAuthority ?? '',
    clientCertificate,
    clientKey,
    token,
    serverName: textAt(file.cluster, 'tls-server-name'),
    signal,
    dial: (address) => host.dial(address),
  })
}

/** As client-go has it: what the file of the token holds goes before the token beside it. */
async function bearerToken(
  host: Pick<Host, 'readText'>,
  { path, user }: Kubeconfig,
  given: string | undefined,
): Promise<string | undefined> {
  const named = textAt(user, 'tokenFile')
  if (named === '') return given
  const held = ((await host.readText(named)) ?? '').trim()
  if (held !== '') return held
  if (given !== undefined) return given
  throw new KadmError('KUBECONFIG_INVALID', `kubeconfig "${path}" has the tokenFile "${named}", which is not there or is empty`, {
    remedy: [`put a token into "${named}"`],
  })
}

/**
 * What client-go does and kadm does not. Passed over in silence, kadm would go another way or come as another user than the file says. Other
 * ways to log in are no matter where there is one that kadm knows. Throws KUBECONFIG_INVALID.
 */
function refuseOtherWays({ path, cluster, user }: Kubeconfig, hasCredentials: boolean): void {
  const others = [
    ...(cluster['insecure-skip-tls-verify'] === true ? ['insecure-skip-tls-verify'] : []),
    ...(textAt(cluster, 'proxy-url') === '' ? [] : ['proxy-url']),
    ...(textAt(user, 'as') === '' ? [] : ['as']),
    ...(hasCredentials ? [] : ['exec', 'auth-provider', 'username'].filter((key) => user[key] !== undefined && user[key] !== null)),
  ]
  if (others.length === 0) return
  throw new KadmError(
    'KUBECONFIG_INVALID',
    `kubeconfig "${path}" has ${others.join(', ')}: kadm goes to the server itself, always verifies it, and logs in with a certificate or token only`,
    { remedy: ['give one with the CA of the cluster and a certificate or token, such as --kubeconfig /etc/kubernetes/admin.conf'] },
  )
}

/**
 * The kubeconfig that is meant when none is named: the first that exists of KUBECONFIG (else ~/.kube/config) and admin.conf; the first when
 * none does.
 */
export async function usualKubeconfig(host: Pick<Host, 'facts' | 'stat'>): Promise<string> {
  const { environment } = await host.facts()
  const named = namedKubeconfigs(environment)
  const own = named.length > 0 ? named : [`${environment['HOME'] ?? ''}/.kube/config`]
  for (const path of [...own, paths.adminConf]) if ((await host.stat(path)) !== undefined) return path
  return own[0] ?? paths.adminConf
}
