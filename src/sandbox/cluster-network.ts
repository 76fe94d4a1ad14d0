/**
 * The pod network of a sandbox's cluster: Debian's bridge plugin on each node's podCIDRs, and a route to every node's pods from everywhere
 * in the sandbox.
 */
import { existsSync } from 'node:fs'
import { KadmError } from '../errors.ts'
import { addressesOf } from './addresses.ts'
import { executeInHost, putFile } from './execute.ts'
import { hostLeader } from './host-power.ts'
import { batch, existingNamespaces, namespaceName } from './namespaces.ts'
import { becomesTrue } from './processes.ts'
import type { SandboxState } from './state.ts'

interface NodeNetwork {
  readonly host: string
  readonly podCIDRs: readonly string[]
}

/**
 * Waits until every host that has joined is a node with podCIDRs (they come from the controller-manager, some 11 s after the first
 * kubelet's start), then lays the network. May be repeated: after a join it reaches the new node too. Throws SANDBOX_FAILED when that is
 * not so within `timeout` ms.
 */
export async function layClusterNetwork(state: SandboxState, timeout = 60_000, signal?: AbortSignal): Promise<void> {
  if ((await joinedHosts(state)).length === 0) {
    throw new KadmError('SANDBOX_FAILED', `no host of sandbox "${state.name}" is part of a cluster`, {
      remedy: [`kadm sandbox exec h1 --name ${state.name} -- kadm init`],
    })
  }
  let nodes: readonly NodeNetwork[] | undefined
  let missing: readonly string[] = []
  const complete = async () => {
    nodes = await readNodes(state, signal)
    const ready = new Set(nodes?.filter(({ podCIDRs }) => podCIDRs.length > 0).map(({ host }) => host))
    missing = (await joinedHosts(state)).filter((host) => !ready.has(host))
    return ready.size > 0 && missing.length === 0
  }
  if (!(await becomesTrue(complete, timeout, signal)) || nodes === undefined) {
    const seen = nodes === undefined ? 'no API server answered' : `still without: ${missing.join(', ')}`
    throw new KadmError('SANDBOX_FAILED', `the nodes of sandbox "${state.name}" have no podCIDR: ${seen}`, {
      remedy: ['set networking.podSubnet in the configuration of "kadm init", then look at the kube-controller-manager'],
    })
  }
  const known = nodes
  const namespaces = (await existingNamespaces(state.name)).filter((name) => name !== namespaceName(state.name, 'switch'))
  await Promise.all([
    ...known.map((node) => putFile(state, node.host, '/etc/cni/net.d/10-kadm-sandbox.conflist', cniConfig(node.podCIDRs))),
    ...namespaces.map((namespace) => batch(namespace, routes(state, known, namespace))),
  ])
}

/** The CNI configuration of a node: no masquerading, since every part of the sandbox knows the way to every pod. */
export function cniConfig(podCIDRs: readonly string[]): string {
  const ranges = podCIDRs.map((subnet) => [{ subnet }])
  const defaults = [...new Set(podCIDRs.map((subnet) => (subnet.includes(':') ? '::/0' : '0.0.0.0/0')))].map((dst) => ({ dst }))
  const bridge = {
    type: 'bridge',
    bridge: 'cni0',
    isGateway: true,
    hairpinMode: true,
    ipam: { type: 'host-local', ranges, routes: defaults },
  }
  const portmap = { type: 'portmap', capabilities: { portMappings: true } }
  return `${JSON.stringify({ cniVersion: '1.0.0', name: 'kadm-sandbox', plugins: [bridge, portmap] }, null, 2)}\n`
}

function routes(state: SandboxState, nodes: readonly NodeNetwork[], namespace: string): readonly string[] {
  const others = nodes.filter(({ host }) => namespaceName(state.name, host) !== namespace)
  return others.flatMap(({ host, podCIDRs }) => {
    const { address, address6 } = addressesOf(state, host)
    return podCIDRs.map((subnet) =>
      subnet.includes(':') ? `route replace ${subnet} via ${address6}` : `route replace ${subnet} via ${address}`,
    )
  })
}

/** A join is over before its Node is there: what it leaves on the host tells sooner. */
async function joinedHosts(state: SandboxState): Promise<readonly string[]> {
  const joined = state.hosts.map(async (host) => {
    const leader = await hostLeader(state.name, host)
    return leader !== undefined && existsSync(`/proc/${leader.pid}/root/etc/kubernetes/kubelet.conf`) ? [host] : []
  })
  return (await Promise.all(joined)).flat()
}

/** Asks the control planes one after the other; `undefined` when none answers. */
async function readNodes(state: SandboxState, signal?: AbortSignal): Promise<readonly NodeNetwork[] | undefined> {
  for (const host of state.hosts) {
    const argv = [
      'sh',
      '-c',
      'test -e /etc/kubernetes/admin.conf && kubectl --kubeconfig=/etc/kubernetes/admin.conf --request-timeout=3s get nodes -o json',
    ] as const
    const result = await executeInHost(state, host, argv, { timeout: 5000, ...(signal === undefined ? {} : { signal }) }).catch(
      () => undefined,
    )
    if (result?.exitCode === 0) return parseNodes(state, JSON.parse(result.stdout))
  }
  return undefined
}

interface NodeList {
  readonly items: readonly {
    readonly metadata: { readonly name: string }
    readonly spec: { readonly podCIDRs?: readonly string[] }
    readonly status: { readonly addresses?: readonly { readonly address: string }[] }
  }[]
}

/** A node is the host that has one of its addresses, whatever its name. */
function parseNodes(state: SandboxState, value: unknown): readonly NodeNetwork[] {
  return (value as NodeList).items.flatMap(({ metadata, spec, status }) => {
    const addresses = new Set([metadata.name, ...(status.addresses ?? []).map(({ address }) => address)])
    const host = state.hosts.find((name) => {
      const own = addressesOf(state, name)
      return addresses.has(own.address) || addresses.has(own.address6) || addresses.has(name)
    })
    return host === undefined ? [] : [{ host, podCIDRs: spec.podCIDRs ?? [] }]
  })
}
