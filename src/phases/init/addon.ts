/** `kadm init phase addon`: CoreDNS and kube-proxy. */
import { ensureObjects } from '../../cluster/apply-object.ts'
import type { AddonWork } from '../../manifests/addons/addon-work.ts'
import { coreDnsObjects } from '../../manifests/addons/core-dns.ts'
import { kubeProxyObjects } from '../../manifests/addons/kube-proxy.ts'
import { printedCoreDns, printedKubeProxy } from '../../manifests/addons/print-manifest.ts'
import type { Manifest } from '../../manifests/manifest.ts'
import type { Phase, PhaseContext } from '../phase.ts'
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
      run: (run, context) => applyAddon('CoreDNS', { objects: coreDnsObjects, printed: printedCoreDns }, run, context),
    },
    {
      name: 'kube-proxy',
      summary: 'Install the kube-proxy addon to a Kubernetes cluster',
      flags: [
        ...flags,
        'apiserver-advertise-address',
        'apiserver-bind-port',
        'control-plane-endpoint',
        'pod-network-cidr',
        'print-manifest',
      ],
      needs: [],
      run: (run, context) => applyAddon('kube-proxy', { objects: kubeProxyObjects, printed: printedKubeProxy }, run, context),
    },
  ],
}

interface Addon {
  readonly objects: (work: AddonWork) => Promise<readonly Manifest[]>
  readonly printed: (work: AddonWork) => Promise<string>
}

async function applyAddon(
  name: string,
  { objects, printed }: Addon,
  { config, host, cluster, options }: InitRun,
  context: PhaseContext,
): Promise<void> {
  const { say, warn, result, signal } = context
  const work = { config, host, say, warn }
  if (options.printManifest) return result(await printed(work))
  await ensureObjects(await cluster(), await objects(work), { timeout: config.init.timeouts.kubernetesAPICall, signal })
  say(`[addons] Applied essential addon: ${name}`)
}
