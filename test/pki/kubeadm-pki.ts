/** The real kubeadm's certs and kubeconfig phases in a jail, on the same configuration. */
import type { TestContext } from 'vitest'
import type { InitConfig } from '../../src/config/model.ts'
import { formatDuration } from '../../src/config/durations.ts'
import { runJailed, type JailResult } from '../support/jail.ts'
import { realBinary } from '../support/real-binary.ts'
import type { FileState } from './kadm-pki.ts'

export interface KubeadmResult extends Omit<JailResult, 'tree'> {
  /** Files below /etc/kubernetes by path from there. */
  readonly files: ReadonlyMap<string, FileState>
}

/** `phases` such as `certs all`; `files` are below /etc/kubernetes. */
export async function runKubeadm(
  context: TestContext,
  config: InitConfig,
  phases: readonly string[],
  files: ReadonlyMap<string, FileState> = new Map(),
  environment: Readonly<Record<string, string>> = {},
): Promise<KubeadmResult> {
  const kubeadm = realBinary(context, 'kubeadm')
  const commands = phases.map((phase) => [kubeadm, 'init', 'phase', ...phase.split(' '), '--config', '/tmp/jail/config.yaml'])
  const given = Array.from(files, ([path, file]) => [`/etc/kubernetes/${path}`, file] as const)
  const { tree, ...result } = await runJailed(commands, {
    environment,
    files: { '/tmp/jail/config.yaml': kubeadmYaml(config), ...Object.fromEntries(given) },
  })
  const after = new Map<string, FileState>()
  for (const [path, { kind, mode, content }] of tree) {
    if (kind === 'file' && path.startsWith('/etc/kubernetes/'))
      after.set(path.slice('/etc/kubernetes/'.length), { mode, content: content.toString('utf8') })
  }
  return { ...result, files: after }
}

/** What kubeadm says in a phase, without the prefix. */
export function linesOf({ stdout }: KubeadmResult, phase: string): readonly string[] {
  const prefix = `[${phase}] `
  return stdout
    .split('\n')
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length))
}

/** Documents in JSON, which is YAML; with certificates at /etc/kubernetes/pki, whatever folder the configuration names. */
function kubeadmYaml({ init, cluster }: InitConfig): string {
  const { kind, ...etcd } = cluster.etcd
  const { name, criSocket } = init.nodeRegistration
  const documents = [
    {
      kind: 'InitConfiguration',
      certificateKey: init.certificateKey,
      localAPIEndpoint: init.localAPIEndpoint,
      nodeRegistration: { name, criSocket },
    },
    {
      kind: 'ClusterConfiguration',
      kubernetesVersion: cluster.kubernetesVersion,
      clusterName: cluster.clusterName,
      controlPlaneEndpoint: cluster.controlPlaneEndpoint,
      networking: cluster.networking,
      apiServer: { certSANs: cluster.apiServer.certSANs },
      encryptionAlgorithm: cluster.encryptionAlgorithm,
      certificateValidityPeriod: formatDuration(cluster.certificateValidityPeriod),
      caCertificateValidityPeriod: formatDuration(cluster.caCertificateValidityPeriod),
      etcd: { [kind]: etcd },
    },
  ]
  return documents.map((document) => JSON.stringify({ apiVersion: 'kubeadm.k8s.io/v1beta4', ...document })).join('\n---\n')
}
