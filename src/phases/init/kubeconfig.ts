/** `kadm init phase kubeconfig`: the kubeconfig files of the administrator and of each component. */
import { ensureKubeconfig } from '../../pki/kubeconfig/ensure-kubeconfig.ts'
import { kubeconfigSpecs, type KubeconfigSpec } from '../../pki/kubeconfig/kubeconfig-specs.ts'
import type { Phase } from '../phase.ts'
import type { InitRun } from './init-run.ts'

const flags = [
  'apiserver-advertise-address',
  'apiserver-bind-port',
  'cert-dir',
  'config',
  'control-plane-endpoint',
  'dry-run',
  'kubeconfig-dir',
  'kubernetes-version',
]

export const kubeconfig: Phase<InitRun> = {
  name: 'kubeconfig',
  summary: 'Generate all kubeconfig files necessary to establish the control plane and the admin kubeconfig file',
  needs: ['preflight', 'certs/ca'],
  run: async ({ options }, { say }) => say(`Using kubeconfig folder "${options.kubeconfigDir}"`),
  phases: kubeconfigSpecs.map(kubeconfigPhase),
}

function kubeconfigPhase(spec: KubeconfigSpec): Phase<InitRun> {
  return {
    name: spec.name,
    summary: spec.title,
    flags: spec.name === 'kubelet' ? [...flags, 'node-name'] : flags,
    // The kubelet is the first to start; etcd and the API server, which then have a long way to go, take the next keys.
    needs: spec.name === 'kubelet' ? [] : ['certs'],
    run: ({ config, host, keys, start, options }, { say, warn }) =>
      ensureKubeconfig(spec, { config, host, keys, start, directory: options.kubeconfigDir, say, warn }),
  }
}
