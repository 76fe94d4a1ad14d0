/** `kadm join phase control-plane-join`: the Node is marked as a control plane. */
import type { Phase } from '../phase.ts'
import { markAsControlPlane } from '../mark-as-control-plane.ts'
import { noControlPlane, type JoinRun } from './join-run.ts'
import { nodeNameOf } from './node-name.ts'

export const controlPlaneJoin: Phase<JoinRun> = {
  name: 'control-plane-join',
  summary: 'Join a machine as a control plane instance',
  // Of its command `all`, as in kubeadm.
  flags: ['apiserver-advertise-address', 'patches'],
  needs: ['kubelet-wait-bootstrap/certificate', 'control-plane-prepare/kubeconfig'],
  phases: [
    {
      name: 'mark-control-plane',
      summary: 'Mark a node as a control-plane',
      flags: ['config', 'control-plane', 'dry-run', 'node-name'],
      needs: [],
      skip: noControlPlane,
      run: async ({ join, source, host }, context) => {
        const { taints } = join.nodeRegistration
        await markAsControlPlane(
          await source.asAdministrator(),
          { name: nodeNameOf(join), taints, timeout: join.timeouts.kubernetesAPICall, host },
          context,
        )
      },
    },
  ],
}
