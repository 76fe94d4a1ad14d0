/** `kadm init phase control-plane`: the static Pods of kube-apiserver, kube-controller-manager and kube-scheduler. */
import { paths } from '../../config/paths.ts'
import { writeStaticPod, type StaticPodComponent } from '../../manifests/write-static-pod.ts'
import type { Phase } from '../phase.ts'
import type { InitRun } from './init-run.ts'

const flags = ['cert-dir', 'config', 'dry-run', 'image-repository', 'kubernetes-version', 'patches']
const apiServerFlags = [
  'apiserver-advertise-address',
  'apiserver-bind-port',
  'control-plane-endpoint',
  'feature-gates',
  'service-cidr',
  'apiserver-extra-args',
]

export const controlPlane: Phase<InitRun> = {
  name: 'control-plane',
  summary: 'Generate all static Pod manifest files necessary to establish the control plane',
  needs: ['preflight'],
  run: async (_run, { say }) => say(`Using manifest folder "${paths.manifests}"`),
  phases: [
    component('apiserver', 'kube-apiserver', [...flags, ...apiServerFlags], ['certs', 'etcd']),
    // Started any earlier, it asks for its lease before its role exists, is refused, and tries again only 2 to 4 s later.
    component(
      'controller-manager',
      'kube-controller-manager',
      [...flags, 'pod-network-cidr', 'controller-manager-extra-args'],
      ['certs', 'kubeconfig/controller-manager', 'wait-control-plane/authorization'],
    ),
    component(
      'scheduler',
      'kube-scheduler',
      [...flags, 'scheduler-extra-args'],
      ['kubeconfig/scheduler', 'wait-control-plane/authorization'],
    ),
  ],
}

function component(name: string, pod: StaticPodComponent, componentFlags: readonly string[], needs: readonly string[]): Phase<InitRun> {
  return {
    name,
    summary: `Generates the ${pod} static Pod manifest`,
    flags: componentFlags,
    needs,
    run: async ({ config, host }, { say, warn }) => {
      say(`Creating static Pod manifest for "${pod}"`)
      await writeStaticPod(pod, { config, host, say, warn })
    },
  }
}
