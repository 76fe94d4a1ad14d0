/**
 * Discovery by a bootstrap token: whoever signs cluster-info with it knows its secret, and the hashes say which CA may vouch for the
 * server.
 */
import { splitHostPort } from '../config/endpoint.ts'
import type { TokenDiscovery } from '../config/model.ts'
import { KadmError, messageOf } from '../errors.ts'
import { dataAt } from '../pki/kubeconfig/kubeconfig-entries.ts'
import { parseToken } from '../tokens/bootstrap-token.ts'
import { isSignedBy, signatureKeyPrefix } from '../tokens/cluster-info-signature.ts'
import { parsePins, pinnedAuthorities } from './ca-pins.ts'
import { waitForClusterInfo, type ClusterInfoAnswer, type Judgement } from './cluster-info.ts'
import { tokenUser, type DiscoveredCluster, type DiscoveryOptions } from './discovered-cluster.ts'
import { clusterOf, httpsServer, parseKubeconfig } from './kubeconfig-cluster.ts'

/**
 * Two reads, both without credentials. The first is from a server that nobody has verified: its kubeconfig must be signed by the token and
 * its CAs pinned. The second is verified with these CAs and must have the same kubeconfig. Without hashes the signature alone counts, as in
 * kubeadm.
 */
export async function discoverByToken(discovery: TokenDiscovery, options: DiscoveryOptions): Promise<DiscoveredCluster> {
  const { id } = parseToken(discovery.token)
  const server = endpointUrl(discovery.apiServerEndpoint)
  const pins = parsePins(discovery.caCertHashes)
  if (pins.size === 0 && !discovery.unsafeSkipCAVerification) throw noPins()
  const remedy = [
    'kadm token create --print-join-command   # on a control plane: a token that has expired signs no more',
    `curl -k ${server}/livez   # can this host reach the API server?`,
  ] as const
  const kubeconfig = await waitForClusterInfo(
    { server, tls: { verify: false }, judge: (answer) => signedBy(answer, discovery.token, server), remedy },
    options,
  )
  const found = clusterIn(kubeconfig, server, pins, options)
  if (pins.size === 0) options.warn?.(`the CA of the cluster is not pinned: whoever knows the token "${id}" can stand in for it`)
  else
    await waitForClusterInfo({ server, tls: { ca: found.caPem }, judge: (answer) => sameAs(answer, kubeconfig, server), remedy }, options)
  options.say?.(`cluster-info of ${server} is signed by token "${id}"${pins.size === 0 ? '' : ', and its CA is pinned'}`)
  return { ...found, clusterName: 'kubernetes', user: tokenUser(discovery.tlsBootstrapToken || discovery.token) }
}

function endpointUrl(endpoint: string): string {
  const parts = splitHostPort(endpoint)
  const url = `https://${endpoint}`
  // The rest of a URL, or another host behind an @, must not come in by this door.
  if (parts !== undefined && /^[\w.:%[\]-]+$/.test(endpoint) && /^\d+$/.test(parts.port) && URL.canParse(url)) return url
  throw new KadmError('CONFIG_INVALID', `discovery.bootstrapToken.apiServerEndpoint is "${endpoint}": it must be host:port`, {
    remedy: ['kadm join 192.168.0.10:6443 --token …   # an IPv6 address in brackets: [fd00::1]:6443'],
  })
}

function noPins(): KadmError {
  return new KadmError('CONFIG_INVALID', 'discovery.bootstrapToken.caCertHashes is empty: nothing says which CA to trust', {
    remedy: [
      'kadm token create --print-join-command   # on a control plane',
      'or trust whoever knows the token: --discovery-token-unsafe-skip-ca-verification',
    ],
  })
}

/**
 * The text that the token has signed. Not signed yet is not wrong: the controller-manager adds signatures some seconds after a token is
 * made.
 */
async function signedBy(answer: ClusterInfoAnswer, token: string, server: string): Promise<Judgement<string>> {
  const { id } = parseToken(token)
  if (answer.kind === 'forbidden') return { kind: 'not-yet', seen: 'the answer is HTTP 403' }
  const { kubeconfig = '', [signatureKeyPrefix + id]: signature = '' } = answer.data
  if (signature === '') return { kind: 'not-yet', seen: `it has no signature by token "${id}"` }
  if (kubeconfig === '') return { kind: 'not-yet', seen: 'it has no kubeconfig' }
  if (await isSignedBy(kubeconfig, signature, token)) return { kind: 'done', value: kubeconfig }
  return { kind: 'refused', error: wrongSignature(server, id) }
}

function wrongSignature(server: string, id: string): KadmError {
  return new KadmError(
    'DISCOVERY_UNTRUSTED',
    `the signature of cluster-info at "${server}" was not made with token "${id}": it was changed, or the token is another one's`,
    {
      remedy: [
        'kadm token create --print-join-command   # on a control plane of the right cluster',
        'make sure that nobody stands between this host and the cluster',
      ],
    },
  )
}

function sameAs(answer: ClusterInfoAnswer, kubeconfig: string, server: string): Judgement<true> {
  if (answer.kind === 'forbidden') return { kind: 'not-yet', seen: 'the answer is HTTP 403' }
  if (answer.data['kubeconfig'] === kubeconfig) return { kind: 'done', value: true }
  const message = `the verified server at "${server}" has another cluster-info than the first answer, which was not verified`
  return {
    kind: 'refused',
    error: new KadmError('DISCOVERY_UNTRUSTED', message, {
      remedy: ['make sure that nobody stands between this host and the cluster, then join again'],
    }),
  }
}

function clusterIn(
  kubeconfig: string,
  server: string,
  pins: ReadonlySet<string>,
  options: DiscoveryOptions,
): Pick<DiscoveredCluster, 'server' | 'caPem'> {
  try {
    const { cluster } = clusterOf(parseKubeconfig(kubeconfig))
    const bundle = dataAt(cluster, 'certificate-authority-data')
    const { caPem, unpinned } = pinnedAuthorities(bundle, pins, { allowUnpinned: options.unsafeAllowUnpinnedCa === true })
    for (const hash of unpinned) options.warn?.(`the cluster has one more CA, which is trusted though no hash was given for it: ${hash}`)
    return { server: httpsServer(cluster), caPem }
  } catch (error) {
    if (error instanceof KadmError) throw error
    throw new KadmError('DISCOVERY_UNTRUSTED', `the kubeconfig in cluster-info of "${server}" cannot be used: ${messageOf(error)}`, {
      cause: error,
      remedy: ['kadm init phase bootstrap-token   # on a control plane: writes cluster-info anew'],
    })
  }
}
