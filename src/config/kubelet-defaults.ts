/** The KubeletConfiguration of the cluster: what kubeadm sets where the user did not. Nothing in it belongs to one node. */
import type { Json, JsonObject } from '../json.ts'
import { nthAddress } from './cidr.ts'
import { guarded, kubeletKind, printedComponent } from './component-config.ts'
import { part } from './document-fields.ts'
import { paths } from './paths.ts'
import { ports } from './ports.ts'

export interface KubeletSource {
  readonly serviceSubnet: string
  readonly dnsDomain: string
  readonly certificatesDir: string
}

/**
 * `given`: the user's document, decoded; `{}` for none. The user's values stay, with a warning where they are not what the cluster needs.
 */
export function kubeletDefaults(
  given: JsonObject,
  source: KubeletSource,
): { readonly document: JsonObject; readonly warnings: readonly string[] } {
  const warnings: string[] = []
  const guard = (path: string, value: Json | undefined, recommended: Json): Json => {
    const result = guarded(kubeletKind, path, value, recommended)
    warnings.push(...result.warnings)
    return result.value
  }
  const authentication = part(given, 'authentication')
  const x509 = part(authentication, 'x509')
  const anonymous = part(authentication, 'anonymous')
  const webhook = part(authentication, 'webhook')
  const authorization = part(given, 'authorization')
  // Ten addresses in: kubeadm's place for the DNS Service, and its fixed address where the range has no tenth.
  const clusterDns = nthAddress(source.serviceSubnet, 10) ?? '10.96.0.10'
  const document = {
    ...given,
    staticPodPath: guard('staticPodPath', given['staticPodPath'], paths.manifests),
    clusterDNS: guard('clusterDNS', given['clusterDNS'], [clusterDns]),
    clusterDomain: guard('clusterDomain', given['clusterDomain'], source.dnsDomain),
    authentication: {
      ...authentication,
      x509: {
        ...x509,
        clientCAFile: guard(
          'authentication.x509.clientCAFile',
          x509['clientCAFile'],
          `${source.certificatesDir.replace(/\/+$/, '')}/ca.crt`,
        ),
      },
      anonymous: { ...anonymous, enabled: guard('authentication.anonymous.enabled', anonymous['enabled'], false) },
      webhook: { ...webhook, enabled: guard('authentication.webhook.enabled', webhook['enabled'], true) },
    },
    authorization: { ...authorization, mode: guard('authorization.mode', authorization['mode'], 'Webhook') },
    healthzBindAddress: guard('healthzBindAddress', given['healthzBindAddress'], '127.0.0.1'),
    healthzPort: guard('healthzPort', given['healthzPort'], ports.kubeletHealth),
    readOnlyPort: guard('readOnlyPort', given['readOnlyPort'], 0),
    rotateCertificates: true,
    cgroupDriver: given['cgroupDriver'] ?? 'systemd',
  }
  return { document: printedComponent(kubeletKind, document), warnings }
}
