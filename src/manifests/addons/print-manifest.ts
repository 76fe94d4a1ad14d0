import { dumpYaml } from '../../config/yaml.ts'
import type { Manifest } from '../manifest.ts'
import type { AddonWork } from './addon-work.ts'
import { coreDnsParts } from './core-dns.ts'
import { kubeProxyParts } from './kube-proxy.ts'

/** What `addon coredns --print-manifest` prints: YAML documents in kubeadm's order. */
export async function printedCoreDns(work: AddonWork): Promise<string> {
  const parts = await coreDnsParts(work)
  return documents([parts.deployment, parts.configMap, parts.service, ...parts.access, parts.serviceAccount])
}

/** What `addon kube-proxy --print-manifest` prints. */
export async function printedKubeProxy(work: AddonWork): Promise<string> {
  // Whoever prints a manifest means to change it, and the checksum would not fit any more.
  const parts = await kubeProxyParts(work, false)
  return documents([parts.serviceAccount, ...parts.access, parts.configMap, parts.daemonSet])
}

function documents(objects: readonly Manifest[]): string {
  return objects.map((object) => `---\n${dumpYaml(object)}`).join('')
}
