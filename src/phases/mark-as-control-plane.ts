import type { Cluster } from '../cluster/cluster.ts'
import { markNode } from '../cluster/mark-node.ts'
import type { Taint } from '../config/model.ts'
import { hasCode } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { controlPlaneLabels } from '../manifests/node-labels.ts'
import { nodeNotRegistered } from './components/component-failed.ts'
import type { PhaseContext } from './phase.ts'

export interface MarkedNode {
  readonly name: string
  readonly taints: readonly Taint[]
  /** Milliseconds. */
  readonly timeout: number
  /** Of this node: its kubelet knows why. */
  readonly host: Host
}

/**
 * Waits for the Node that the kubelet registers and gives it the labels and taints of a control plane. Throws COMPONENT_NOT_HEALTHY with
 * the end of the kubelet's log, API_REFUSED, API_UNREACHABLE.
 */
export async function markAsControlPlane(
  cluster: Cluster,
  { name, taints, timeout, host }: MarkedNode,
  { say, signal, waiting }: PhaseContext,
): Promise<void> {
  say(`Marking the node ${name} as control-plane by adding the labels: [${Object.keys(controlPlaneLabels).join(' ')}]`)
  if (taints.length > 0) say(`Marking the node ${name} as control-plane by adding the taints [${taints.map(taintText).join(' ')}]`)
  waiting(`the Node "${name}" to be registered by its kubelet`)
  try {
    await markNode(cluster, name, { labels: controlPlaneLabels, taints, timeout, signal })
  } catch (error) {
    throw hasCode(error, 'COMPONENT_NOT_HEALTHY') ? await nodeNotRegistered(error, host) : error
  }
}

function taintText({ key, value, effect }: Taint): string {
  return `${key}${value === undefined || value === '' ? '' : `=${value}`}:${effect}`
}
