/**
 * `kadm init phase wait-control-plane`: the kubelet and the three components are up, each watched where the fact is nearest.
 * Its hidden steps are what other phases wait for: they need the API to answer, or to have begun its roles, long before all is healthy.
 */
import { waitUntil } from '../../host/wait.ts'
import type { HealthComponent } from '../../manifests/health-endpoints.ts'
import { componentFailed } from '../components/component-failed.ts'
import type { Phase, PhaseContext } from '../phase.ts'
import { waitForComponent, waitForHealth, waitForKubelet } from '../components/wait-for-component.ts'
import type { InitRun } from './init-run.ts'

const ownRole = '/apis/rbac.authorization.k8s.io/v1/clusterroles/cluster-admin'

export const waitControlPlane: Phase<InitRun> = {
  name: 'wait-control-plane',
  summary: 'Wait for the control plane to start',
  needs: ['kubelet-start'],
  phases: [
    {
      name: 'kubelet',
      summary: 'Wait for a healthy kubelet',
      hidden: true,
      needs: [],
      run: ({ config, host }, context) =>
        waitForKubelet({ kubelet: config.kubelet, timeout: config.init.timeouts.kubeletHealthCheck, host }, context),
    },
    {
      name: 'api',
      summary: 'Wait for the API server to answer, whatever it says',
      hidden: true,
      needs: ['control-plane/apiserver', 'etcd'],
      run: (run, context) => waitForComponent('kube-apiserver', run, context, () => true),
    },
    {
      name: 'authorization',
      summary: 'Wait until a controller-manager that is started now will be granted its lease when it asks for it',
      hidden: true,
      needs: ['wait-control-plane/api'],
      run: waitForAuthorization,
    },
    healthy('kube-apiserver', ['wait-control-plane/api']),
    healthy('kube-controller-manager', ['control-plane/controller-manager']),
    healthy('kube-scheduler', ['control-plane/scheduler']),
  ],
}

/**
 * The API server makes its own roles 1 s after it has begun to answer (its hook polls with that interval: EnsureRBACPolicy in
 * pkg/registry/rbac/rest/storage_rbac.go), and is done 0.3 s later. A controller-manager takes 0.8 s from its manifest to the question for
 * its lease, and when it is refused it asks again only after 2 s or more: so its manifest is put there 0.6 s after the first answer
 * (docs/decisions/0004).
 */
async function waitForAuthorization({ config, host, cluster }: InitRun, { signal, waiting }: PhaseContext): Promise<void> {
  const answeredAt = performance.now()
  const api = await cluster()
  const timeout = config.init.timeouts.controlPlaneComponentHealthCheck
  await waitUntil(host, {
    what: 'the API server to make its roles',
    timeout,
    signal,
    onWaiting: waiting,
    look: async () => {
      const isSoon = performance.now() - answeredAt >= 600
      const isThere = isSoon || (await api.raw(ownRole)).status === 200
      return isThere ? { kind: 'done', value: undefined } : { kind: 'not-yet', seen: 'not there yet' }
    },
    timedOut: (last) => componentFailed('kube-apiserver', { url: ownRole, timeout, last, config, host }),
  })
}

function healthy(component: HealthComponent, needs: readonly string[]): Phase<InitRun> {
  return {
    name: component,
    summary: `Wait for a healthy ${component}`,
    hidden: true,
    needs,
    run: (run, context) => waitForHealth(component, run, context),
  }
}
