/** From what the user asked to the differences that an upgrade would make to the static Pods of this host. Nothing is changed. */
import { loadUpgradeConfig } from '../../config/load-upgrade.ts'
import type { InitFlags } from '../../config/flags.ts'
import { newestKubernetes } from '../../config/own-version.ts'
import { parseVersion } from '../../config/versions.ts'
import { dumpYaml } from '../../config/yaml.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { unifiedDiff } from '../../manifests/line-diff.ts'
import { patchedStaticPod, staticPodPath } from '../../manifests/write-static-pod.ts'
import { connectWithKubeconfig } from '../../pki/kubeconfig-cluster.ts'
import { readClusterConfig } from './cluster-config.ts'

export interface DiffRequest {
  /** Path of a configuration file on the host. */
  readonly file: string | undefined
  /** Those of the configuration that the user gave. */
  readonly flags: InitFlags
  /** The argument. */
  readonly version: string | undefined
  /** Path of the kubeconfig on the host. */
  readonly kubeconfig: string
  readonly signal: AbortSignal
  readonly say: (line: string) => void
  readonly warn: (line: string) => void
}

/** etcd is not among them, as in kubeadm. */
const components = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const

/** One text for each component that would change. As in kubeadm without the user's patches. Throws FILE_FAILED, USAGE, CONFIG_INVALID, KUBECONFIG_INVALID, API_REFUSED, API_UNREACHABLE. */
export async function startDiff(host: Host, request: DiffRequest): Promise<readonly string[]> {
  const { kubeconfig, signal, say, warn } = request
  const current = await Promise.all(
    components.map(async (component) => ({ component, text: await readManifest(host, staticPodPath(component)) })),
  )
  const { config: diff, warnings } = await loadUpgradeConfig({ ...request, action: 'diff', host })
  warnings.forEach(warn)
  const target = diff.kubernetesVersion === undefined ? undefined : requireVersion(diff.kubernetesVersion)
  const cluster = await connectWithKubeconfig(host, kubeconfig, { signal })
  try {
    say('[upgrade/diff] Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...')
    const { timeouts } = diff
    const node = { ignorePreflightErrors: [], imagePullPolicy: 'IfNotPresent', imagePullSerial: true } as const
    const stored = await readClusterConfig(cluster, { host, timeouts, signal, warn, patches: undefined, node })
    const config =
      target === undefined ? stored : { ...stored, cluster: { ...stored.cluster, kubernetesVersion: target, ciVersion: false } }
    const texts = current.map(async ({ component, text }) => {
      const manifest = await patchedStaticPod(component, { config, host, say, warn })
      return unifiedDiff(text, manifest === undefined ? '' : dumpYaml(manifest), {
        from: staticPodPath(component),
        to: 'new manifest',
        context: diff.contextLines,
      })
    })
    return (await Promise.all(texts)).filter((text) => text !== '')
  } finally {
    await cluster.close()
  }
}

async function readManifest(host: Host, file: string): Promise<string> {
  const text = await host.readText(file)
  if (text !== undefined) return text
  throw new KadmError('FILE_FAILED', `the manifest "${file}" does not exist`, { remedy: ['run this on a control-plane node'] })
}

function requireVersion(given: string): string {
  if (parseVersion(given) !== undefined) return given.startsWith('v') ? given : `v${given}`
  throw new KadmError('USAGE', `"${given}" is not a version`, {
    remedy: [`give a version such as ${newestKubernetes}; labels such as stable are not looked up here`],
  })
}
