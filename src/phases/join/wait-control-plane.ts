/** `kadm join phase wait-control-plane`: the three components of this node, each asked at its own port here. */
import type { HealthComponent } from '../../manifests/health-endpoints.ts'
import type { Phase } from '../phase.ts'
import { waitForComponent, waitForHealth } from '../components/wait-for-component.ts'
import { noControlPlane, type JoinRun } from './join-run.ts'

export const waitControlPlane: Phase<JoinRun> = {
  name: 'wait-control-plane',
  summary: 'Wait for the control plane to start',
  needs: ['kubelet-start'],
  phases: [
    {
      name: 'api',
      summary: 'Wait for the API server to answer, whatever it says',
      hidden: true,
      needs: ['control-plane-prepare/control-plane/kube-apiserver'],
      skip: noControlPlane,
      run: async ({ host, source }, context) =>
        waitForComponent('kube-apiserver', { config: await source.config(), host }, context, () => true),
    },
    healthy('kube-apiserver', 'wait-control-plane/api'),
    healthy('kube-controller-manager', 'control-plane-prepare/control-plane/kube-controller-manager'),
    healthy('kube-scheduler', 'control-plane-prepare/control-plane/kube-scheduler'),
  ],
}

function healthy(component: HealthComponent, after: string): Phase<JoinRun> {
  return {
    name: component,
    summary: `Wait for a healthy ${component}`,
    hidden: true,
    needs: [after],
    skip: noControlPlane,
    run: async ({ host, source }, context) => waitForHealth(component, { config: await source.config(), host }, context),
  }
}
