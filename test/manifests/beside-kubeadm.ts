/** Runs the real kubeadm and kadm on two equal jails and compares every file that they leave and the manifests that they print. */
import path from 'node:path'
import { expect, type TestContext } from 'vitest'
import type { InitConfig } from '../../src/config/model.ts'
import { dumpYaml, parseYamlDocuments } from '../../src/config/yaml.ts'
import { type JailOptions, type JailResult, runJailed } from '../support/jail.ts'
import { realBinary } from '../support/real-binary.ts'

export interface Case {
  readonly config: InitConfig
  /** The same for kubeadm; apiVersion and kind are added, and what makes it independent of this machine. */
  readonly init?: object
  readonly cluster?: object
  readonly kubelet?: object
  readonly kubeProxy?: object
  readonly jail?: JailOptions
  /** Commands of kubeadm to run first in both jails. */
  readonly before?: readonly (readonly string[])[]
  /** Compare files as data, not byte by byte (kubeadm drops or folds something there that means nothing). */
  readonly asData?: boolean
}

export const patchesDirectory = '/tmp/jail/patches'

/** Resolves with what kubeadm left. */
export async function besideKubeadm(
  context: TestContext,
  { config, init = {}, cluster = {}, kubelet, kubeProxy, jail = {}, before = [], asData = false }: Case,
): Promise<JailResult> {
  const kubeadm = realBinary(context, 'kubeadm')
  const documents = [
    { apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'InitConfiguration', ...init },
    { apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'ClusterConfiguration', kubernetesVersion: config.cluster.kubernetesVersion, ...cluster },
    ...(kubelet === undefined ? [] : [{ apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration', ...kubelet }]),
    ...(kubeProxy === undefined ? [] : [{ apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration', ...kubeProxy }]),
  ]
  const file = '/tmp/jail/config.yaml'
  const phase = (...words: string[]) => [kubeadm, 'init', 'phase', ...words, '--config', file]
  const first = before.map(([program = '', ...rest]) => (program === 'kubeadm' ? [kubeadm, ...rest, '--config', file] : [program, ...rest]))
  const commands = [
    ...first,
    phase('control-plane', 'all'),
    phase('etcd', 'local'),
    phase('kubelet-start', '--dry-run'),
    ['echo', separator],
    phase('addon', 'coredns', '--print-manifest'),
    ['echo', separator],
    phase('addon', 'kube-proxy', '--print-manifest'),
    ['echo', separator],
    [kubeadm, 'config', 'images', 'list', '--config', file],
  ]
  const text = documents.map((document) => `---\n${dumpYaml(document)}`).join('')
  const program = path.join(import.meta.dirname, 'write-files-program.ts')
  const [theirs, ours] = await Promise.all([
    runJailed(commands, {
      ...jail,
      files: { ...jail.files, [file]: text },
      environment: { ...jail.environment, KUBEADM_INIT_DRYRUN_DIR: '/tmp/jail/kubelet' },
    }),
    runJailed([...first, ['echo', separator], [process.execPath, program, '/tmp/jail/config.json']], {
      ...jail,
      files: { ...jail.files, [file]: text, '/tmp/jail/config.json': JSON.stringify(config) },
    }),
  ])
  expect(theirs, theirs.stderr).toMatchObject({ exitCode: 0 })
  expect(ours, ours.stderr).toMatchObject({ exitCode: 0 })
  compareTrees(theirs, ours, asData)
  const [, coredns = '', kubeProxyManifest = '', images = ''] = theirs.stdout.split(`${separator}\n`)
  const printed = JSON.parse(ours.stdout.split(`${separator}\n`)[1] ?? '')
  expect(documentsOf(printed.coredns)).toEqual(documentsOf(coredns))
  expect(documentsOf(printed['kube-proxy'])).toEqual(documentsOf(kubeProxyManifest))
  expect(printed.images).toEqual(images.trimEnd().split('\n'))
  return theirs
}

/** Files for a jail with the patches of a folder: name to content. */
export function patchFiles(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [path.join(patchesDirectory, name), content]))
}

const separator = '=========='

function compareTrees(theirs: JailResult, ours: JailResult, asData: boolean): void {
  expect(shape(ours)).toEqual(shape(theirs))
  for (const [file, { kind, content }] of theirs.tree) {
    if (kind !== 'file' || isInput(file)) continue
    const [their, our] = [String(content), String(ours.tree.get(file)?.content)]
    if (asData && file.endsWith('.yaml')) expect(documentsOf(our), file).toEqual(documentsOf(their))
    else expect(our, file).toBe(their)
  }
}

function shape({ tree }: JailResult): Record<string, string> {
  const entries = [...tree]
    .filter(([file]) => !isInput(file))
    .map(([file, { kind, mode }]) => [file, `${kind} ${mode.toString(8)}`] as const)
  return Object.fromEntries(entries)
}

function isInput(file: string): boolean {
  return (
    file.startsWith('/tmp/jail/config.') ||
    file.startsWith(patchesDirectory) ||
    file.includes('/pki') ||
    /^\/etc\/kubernetes\/[^/]*\.conf$/.test(file)
  )
}

// kubeadm's lines about patches stand among the documents, and after a patch it forgets the line break behind the separator.
function documentsOf(text: string): unknown[] {
  const yaml = text
    .split('\n')
    .filter((line) => !line.startsWith('[patches]'))
    .join('\n')
    .replaceAll(/^---(?=\w)/gm, '---\n')
  return parseYamlDocuments(yaml).filter((document) => document !== null)
}
