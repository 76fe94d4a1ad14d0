/** `kadm init phase addon`: CoreDNS and kube-proxy. */
import { ensureObjects } from '../../cluster/apply-object.ts'
import { coreDnsObjects } from '../../manifests/addons/core-dns.ts'
import { kubeProxyObjects } from '../../manifests/addons/kube-proxy.ts'
import type { Phase } from '../phase.ts'
import type { InitRun } from './init-run.ts'

const flags = ['config', 'dry-run', 'image-repository', 'kubeconfig', 'kubernetes-version']

export const addon: Phase<InitRun> = {
  name: 'addon',
  summary: 'Install required addons for passing conformance tests',
  needs: ['wait-control-plane/api'],
  phases: [
    {
      name: 'coredns',
      summary: 'Install the CoreDNS addon to a Kubernetes cluster',
      flags: [...flags, 'feature-gates', 'service-cidr', 'service-dns-domain', 'print-manifest'],
      needs: [],
      skip: ({ config }) => (config.cluster.dns.disabled ? 'Skipping CoreDNS: dns.disabled is set' : false),
      run: async ({ config, host, cluster }, { say, warn, signal }) => {
        await ensureObjects(await cluster(), await coreDnsObjects({ config, host, say, warn }), { timeout: config.init.timeouts.kubernetesAPICall, signal })
        say('[addons] Applied essential addon: CoreDNS')
      },
    },
    {
      name: 'kube-proxy',
      summary: 'Install the kube-proxy addon to a Kubernetes cluster',
      flags: [...flags, 'apiserver-advertise-address', 'apiserver-bind-port', 'control-plane-endpoint', 'pod-network-cidr', 'print-manifest'],
      needs: [],
      skip: ({ config }) => (config.cluster.proxy.disabled ? 'Skipping kube-proxy: proxy.disabled is set' : false),
      run: async ({ config, host, cluster }, { say, warn, signal }) => {
        await ensureObjects(await cluster(), await kubeProxyObjects({ config, host, say, warn }), { timeout: config.init.timeouts.kubernetesAPICall, signal })
        say('[addons] Applied essential addon: kube-proxy')
      },
    },
  ],
}
