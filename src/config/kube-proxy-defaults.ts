/** The KubeProxyConfiguration of the cluster: what kubeadm sets where the user did not. */
import type { JsonObject } from '../json.ts'
import { guarded, kubeProxyKind, printedComponent } from './component-config.ts'
import { part, textAt } from './document-fields.ts'
import { ipFamily } from './ip-address.ts'

export interface KubeProxySource {
  readonly podSubnet: string
  readonly advertiseAddress: string
}

/** `given`: the user's document, decoded; `{}` for none. */
export function kubeProxyDefaults(
  given: JsonObject,
  source: KubeProxySource,
): { readonly document: JsonObject; readonly warnings: readonly string[] } {
  const clientConnection = part(given, 'clientConnection')
  const kubeconfig = guarded(
    kubeProxyKind,
    'clientConnection.kubeconfig',
    clientConnection['kubeconfig'],
    '/var/lib/kube-proxy/kubeconfig.conf',
  )
  const clusterCidr =
    source.podSubnet === ''
      ? { value: given['clusterCIDR'] ?? '', warnings: [] }
      : guarded(kubeProxyKind, 'clusterCIDR', given['clusterCIDR'], source.podSubnet)
  const mode = given['mode'] === undefined || given['mode'] === '' ? 'iptables' : given['mode']
  const bindAddress = textAt(given, 'bindAddress')
  const document = {
    ...given,
    bindAddress: bindAddress === '' ? wildcard(source.advertiseAddress) : bindAddress,
    clusterCIDR: clusterCidr.value,
    clientConnection: { ...clientConnection, kubeconfig: kubeconfig.value },
    mode,
  }
  const warnings = [
    ...bindAddressWarnings(bindAddress),
    ...clusterCidr.warnings,
    ...kubeconfig.warnings,
    ...(mode === 'ipvs'
      ? ['KubeProxyConfiguration: mode "ipvs" is deprecated since 1.35; "nftables" is for newer kernels, "iptables" for older ones']
      : []),
  ]
  return { document: printedComponent(kubeProxyKind, document), warnings }
}

function wildcard(address: string): string {
  return ipFamily(address) === 4 ? '0.0.0.0' : '::'
}

function bindAddressWarnings(given: string): readonly string[] {
  if (given === '' || given === '0.0.0.0' || given === '::') return []
  if (ipFamily(given) === undefined) return [`KubeProxyConfiguration: bindAddress "${given}" is not an IP address`]
  return guarded(kubeProxyKind, 'bindAddress', given, wildcard(given)).warnings
}
