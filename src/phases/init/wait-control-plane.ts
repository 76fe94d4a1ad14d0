/** `kadm init phase wait-control-plane`: the kubelet and the three components are up, each watched where the fact is nearest. */
import { waitForComponent } from '../../cluster/component-health.ts'
import type { Phase } from '../phase.ts'
import { explainFailure } from './explain-failure.ts'
import type { InitRun } from './init-run.ts'
import { kubeletHealth, componentHealth } from '../../manifests/health-endpoints.ts'

export const waitControlPlane: Phase<InitRun> = {
  name: 'wait-control-plane',
  summary: 'Wait for the control plane to start',
  needs: ['kubelet-start'],
  phases: [],
}
