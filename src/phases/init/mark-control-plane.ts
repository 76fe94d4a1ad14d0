/** `kadm init phase mark-control-plane`: the labels and taints of a control-plane node. */
import { markNode } from '../../cluster/mark-node.ts'
import { controlPlaneLabels } from '../../manifests/node-labels.ts'
import type { Phase } from '../phase.ts'
import type { InitRun } from './init-run.ts'

export const markControlPlane: Phase<InitRun> = {
  name: 'mark-control-plane',
  summary: 'Mark a node as a control-plane',
  flags: ['config', 'dry-run', 'node-name'],
  needs: ['kubelet-start', 'wait-control-plane/api'],
  run: async ({ config, cluster }, { say, signal, waiting }) => {
    const { name, taints } = config.init.nodeRegistration
    say(`Marking the node ${name} as control-plane by adding the labels: [${Object.keys(controlPlaneLabels).join(' ')}]`)
    if (taints.length > 0) say(`Marking the node ${name} as control-plane by adding the taints [${taints.map(taintText).join(' ')}]`)
    waiting(`the Node "${name}" to be registered by its kubelet`)
    await markNode(await cluster(), name, { labels: controlPlaneLabels, taints, timeout: config.init.timeouts.kubernetesAPICall, signal })
  },
}

function taintText({ key, value, effect }: { readonly key: string; readonly value?: string; readonly effect: string }): string {
  return `${key}${value === undefined || value === '' ? '' : `=${value}`}:${effect}`
}
