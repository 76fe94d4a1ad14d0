/** The last words of `kadm join`. */
import { paths } from '../../config/paths.ts'
import type { Phase } from '../phase.ts'
import type { JoinRun } from './join-run.ts'

export const showDone: Phase<JoinRun> = {
  name: 'show-done',
  summary: 'Say what was done',
  hidden: true,
  notAlone: true,
  needs: ['kubelet-wait-bootstrap', 'control-plane-join', 'wait-control-plane'],
  run: async ({ join, source }, { result }) => {
    if (join.controlPlane === undefined) return result(workerText)
    const { etcd } = (await source.config()).cluster
    result(controlPlaneText(etcd.kind === 'local'))
  },
}

const workerText = `
This node has joined the cluster: its kubelet has asked for a certificate and has it.

To see it there, run this on a control plane:

  kubectl get nodes
`

function controlPlaneText(hasEtcd: boolean): string {
  return `
This node has joined the cluster and a new control plane instance was created${hasEtcd ? ', with a new member of the etcd cluster' : ''}.

To use the cluster from here as a regular user:

  mkdir -p $HOME/.kube
  sudo cp -i ${paths.adminConf} $HOME/.kube/config
  sudo chown $(id -u):$(id -g) $HOME/.kube/config

  kubectl get nodes
`
}
