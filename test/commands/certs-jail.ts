/**
 * The files of a control plane by the real kubeadm, and the configuration that they were made with: for jails in which they are looked at
 * and renewed.
 */
import type { TestContext } from 'vitest'
import { runJailed, type JailResult, type TreeEntry } from '../support/jail.ts'
import { realBinary } from '../support/real-binary.ts'
import type { HostFiles } from './certs-states.ts'

export const fast = { encryptionAlgorithm: 'ECDSA-P256' }
export const configFile = '/tmp/jail/config.yaml'

let made: Promise<JailResult> | undefined

/** Made once for all tests of a file. */
export async function madeByKubeadm(context: TestContext): Promise<HostFiles> {
  const kubeadm = realBinary(context, 'kubeadm')
  made ??= runJailed(
    ['certs', 'kubeconfig'].map((phase) => [kubeadm, 'init', 'phase', phase, 'all', '--config', configFile]),
    { files: { [configFile]: configText(fast) } },
  )
  const { exitCode, stderr, tree } = await made
  if (exitCode !== 0) throw new Error(stderr)
  const files = [...tree].filter(([path, { kind }]) => kind === 'file' && path.startsWith('/etc/kubernetes/'))
  return Object.fromEntries(files.map(([path, { content, mode }]) => [path, { content: String(content), mode }]))
}

export function configText(cluster: Readonly<Record<string, unknown>>): string {
  const init = {
    kind: 'InitConfiguration',
    localAPIEndpoint: { advertiseAddress: '192.168.77.10' },
    nodeRegistration: { name: 'node1', criSocket: 'unix:///run/x.sock' },
  }
  const documents = [init, { kind: 'ClusterConfiguration', kubernetesVersion: 'v1.37.2', ...cluster }]
  return documents.map((document) => JSON.stringify({ apiVersion: 'kubeadm.k8s.io/v1beta4', ...document })).join('\n---\n')
}

/** Paths of /etc/kubernetes that are not as they were, those that are gone too. */
export function changedIn(tree: ReadonlyMap<string, TreeEntry>, before: HostFiles): readonly string[] {
  const gone = Object.keys(before).filter((path) => !tree.has(path))
  const changed = [...tree].filter(
    ([path, { kind, content, mode }]) =>
      kind !== 'directory' &&
      path.startsWith('/etc/kubernetes/') &&
      (before[path]?.content !== String(content) || before[path]?.mode !== mode),
  )
  return [...gone, ...changed.map(([path]) => path)].toSorted()
}
