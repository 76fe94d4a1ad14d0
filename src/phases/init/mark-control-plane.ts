/** `kadm init phase mark-control-plane`: the labels and taints of a control-plane node. */
import { markAsControlPlane } from '../mark-as-control-plane.ts'
import type { Phase } from '../phase.ts'
import type { InitRun } from './init-run.ts'

export const markControlPlane: Phase<InitRun> = {
  name: 'mark-control-plane',
  summary: 'Mark a node as a control-plane',
  flags: ['config', 'dry-run', 'node-name'],
  needs: ['kubelet-start', 'wait-control-plane/api'],
  run: async ({ config, cluster, host }, context) => {
    const { name, taints } = config.init.nodeRegistration
    await markAsControlPlane(await cluster(), { name, taints, timeout: config.init.timeouts.kubernetesAPICall, host }, context)
  },
}
