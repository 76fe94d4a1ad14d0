import { cidrContains, cidrsOverlap, formatCidr, parseCidr, parseCidrs, type Cidr } from '../config/cidr.ts'
import { parseIp } from '../config/ip-address.ts'
import type { Host, HostFacts, InterfaceAddress, Route } from '../host/host.ts'
import type { Check, Findings } from './check.ts'

/** Comma-separated lists, as in the configuration. */
export interface ClusterRanges {
  readonly serviceSubnet: string
  readonly podSubnet?: string | undefined
}

/**
 * kadm's own: does the host's network lie in the cluster's?
 *
 * Seen with hosts in 10.99.0.0/24, inside the default Service range 10.96.0.0/12: kubeadm init succeeds, kube-proxy comes up, and a minute
 * later the node cannot reach its own address, because the rules for Services take its packets. No check of kubeadm or its peers sees that
 * before it is too late.
 */
export function networkOverlap(host: Pick<Host, 'facts'>, ranges: ClusterRanges): Check {
  return {
    name: 'NetworkOverlap',
    requires: 'no address or route of the host inside the Service or Pod range',
    run: async () => overlapsOf(await host.facts(), ranges),
  }
}

/** kadm's own, of a cluster that is to be made: kubeadm takes such ranges, and Services then answer in the place of Pods. */
export function rangesApart(ranges: ClusterRanges): Check {
  return {
    name: 'NetworkOverlap',
    requires: 'Service and Pod ranges apart from each other',
    run: async () => ({ warnings: [], errors: sharedRanges(ranges) }),
  }
}

/** In words, each pair of ranges that have addresses in common. */
export function sharedRanges({ serviceSubnet, podSubnet = '' }: ClusterRanges): readonly string[] {
  return (parseCidrs(serviceSubnet) ?? []).flatMap((services) =>
    (parseCidrs(podSubnet) ?? [])
      .filter((pods) => cidrsOverlap(services, pods))
      .map(
        (pods) =>
          `the Service range ${formatCidr(services)} and the Pod range ${formatCidr(pods)} have addresses in common: choose another networking.podSubnet or serviceSubnet`,
      ),
  )
}

/** Pure. */
export function overlapsOf(
  { addresses, routes }: Pick<HostFacts, 'addresses' | 'routes'>,
  { serviceSubnet, podSubnet = '' }: ClusterRanges,
): Findings {
  const foreign = { addresses: addresses.filter(isForeign), routes: routes.filter(isForeign) }
  const all = [
    ...(parseCidrs(serviceSubnet) ?? []).map((range) => overlaps(foreign, { range, kind: 'Service', field: 'serviceSubnet' })),
    ...(parseCidrs(podSubnet) ?? []).map((range) => overlaps(foreign, { range, kind: 'Pod', field: 'podSubnet' })),
  ]
  return { warnings: all.flatMap(({ warnings }) => warnings), errors: all.flatMap(({ errors }) => errors) }
}

interface ClusterRange {
  readonly range: Cidr
  readonly kind: 'Service' | 'Pod'
  readonly field: string
}

function overlaps({ addresses, routes }: Pick<HostFacts, 'addresses' | 'routes'>, cluster: ClusterRange): Findings {
  const { range, kind, field } = cluster
  const inside = addresses.filter(({ address }) => contains(range, address))
  // The route to an address that is reported is the same fact once more.
  const others = routes.filter(
    (route) => isInside(route, range) && !inside.some(({ address }) => contains(parseCidr(route.destination), address)),
  )
  // Routes to Pods by way of other nodes are how a Pod network without an overlay works; left by an earlier cluster they are no obstacle to
  // the next.
  const mayBePods = (route: Route): boolean => kind === 'Pod' && route.gateway !== undefined
  const remedy = `choose another networking.${field}`
  const tell = (what: string): string =>
    `${what} lies in the ${kind} range ${formatCidr(range)}: the host would lose it; ${remedy}, or give the host another network`
  return {
    warnings: others
      .filter(mayBePods)
      .map(
        (route) => `${routeText(route)} lies in the Pod range ${formatCidr(range)}: if it does not lead to Pods of this cluster, ${remedy}`,
      ),
    errors: [
      ...inside.map(({ address, device }) => tell(`address ${address} of ${device}`)),
      ...others.filter((route) => !mayBePods(route)).map((route) => tell(routeText(route))),
    ],
  }
}

function isInside({ destination }: Route, range: Cidr): boolean {
  const to = parseCidr(destination)
  return to !== undefined && to.prefixLength >= range.prefixLength && cidrContains(range, to.network)
}

function contains(range: Cidr | undefined, address: string): boolean {
  const ip = parseIp(address)
  return range !== undefined && ip !== undefined && cidrContains(range, ip)
}

function routeText({ destination, gateway, device }: Route): string {
  return `the route to ${destination}${gateway === undefined ? '' : ` via ${gateway}`} on ${device}`
}

/**
 * Not made by kube-proxy or a Pod network: after an unfinished init, or a reset (which leaves them), their devices hold Service and Pod
 * addresses rightly.
 */
function isForeign({ device }: InterfaceAddress | Route): boolean {
  return !clusterDevices.test(device)
}

/** kube-proxy (ipvs), bridge and ptp, flannel, Calico, Cilium, Weave, kube-router, Antrea, OVN-Kubernetes, node-local DNS. */
export const clusterDevices =
  /^(kube-|cni\d|veth|flannel|cali|tunl0|vxlan\.calico|vxlan-v6\.calico|wireguard\.cali|cilium|lxc|weave|dummy0|antrea-|ovn-k8s|nodelocaldns)/
