/** From what the user asked to the differences that an upgrade would make to the static Pods of this host. Nothing is changed. */
import { requireVersion } from '../../config/kubernetes-version.ts'
import { loadUpgradeConfig } from '../../config/load/load-upgrade.ts'
import { newestKubernetes } from '../../config/own-version.ts'
import { dumpYaml } from '../../config/yaml.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { unifiedDiff } from '../../manifests/line-diff.ts'
import { controlPlaneComponents, patchedStaticPod, staticPodPath } from '../../manifests/write-static-pod.ts'
import { atVersion, lookAtCluster, type LookRequest } from './look-at-cluster.ts'

/**
 * One text for each component that would change. As in kubeadm without the user's patches. Throws FILE_FAILED, USAGE, CONFIG_INVALID,
 * KUBECONFIG_INVALID, API_REFUSED, API_UNREACHABLE.
 */
export async function startDiff(host: Host, request: LookRequest): Promise<readonly string[]> {
  const { say, warn } = request
  // etcd is not among them, as in kubeadm.
  const current = await Promise.all(
    controlPlaneComponents.map(async (component) => ({ component, text: await readManifest(host, staticPodPath(component)) })),
  )
  const { config: diff, warnings } = await loadUpgradeConfig({ ...request, action: 'diff', host })
  warnings.forEach(warn)
  const target = diff.kubernetesVersion
  if (target !== undefined)
    requireVersion(target, `give a version such as ${newestKubernetes}; labels such as stable are not looked up here`)
  const options = {
    timeouts: diff.timeouts,
    ignorePreflightErrors: [],
    saysFirst: ['[upgrade/diff] Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...'],
  }
  return lookAtCluster(host, request, options, async (_cluster, stored) => {
    const config = target === undefined ? stored : atVersion(stored, target)
    const texts = current.map(async ({ component, text }) => {
      const manifest = await patchedStaticPod(component, { config, host, say, warn })
      return unifiedDiff(text, manifest === undefined ? '' : dumpYaml(manifest), {
        from: staticPodPath(component),
        to: 'new manifest',
        context: diff.contextLines,
      })
    })
    return (await Promise.all(texts)).filter((text) => text !== '')
  })
}

async function readManifest(host: Host, file: string): Promise<string> {
  const text = await host.readText(file)
  if (text !== undefined) return text
  throw new KadmError('FILE_FAILED', `the manifest "${file}" does not exist`, { remedy: ['run this on a control-plane node'] })
}
