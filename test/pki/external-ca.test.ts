import { expect, test } from 'vitest'
import type { KadmError } from '../../src/errors.ts'
import { localHost } from '../../src/host/local-host.ts'
import { checkExternalCa } from '../../src/pki/external-ca.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { configIn, filesIn, putFiles, runCerts, runKubeconfigs, type FileState } from './kadm-pki.ts'
import { linesOf, runKubeadm } from './kubeadm-pki.ts'

interface Case {
  readonly lost: readonly string[]
  readonly change?: (files: Map<string, FileState>) => void
  readonly expected: { readonly clusterCa: boolean; readonly frontProxy: boolean } | readonly RegExp[]
  readonly warnings?: readonly RegExp[]
}

const cases: Readonly<Record<string, Case>> = {
  'all keys there': { lost: [], expected: { clusterCa: false, frontProxy: false } },
  'no CA at all': {
    lost: [
      'pki/ca.crt',
      'pki/ca.key',
      'pki/front-proxy-ca.crt',
      'pki/front-proxy-ca.key',
      'pki/front-proxy-client.crt',
      'pki/front-proxy-client.key',
      'pki/apiserver.crt',
      'pki/apiserver.key',
      'pki/apiserver-kubelet-client.crt',
      'pki/apiserver-kubelet-client.key',
    ],
    expected: { clusterCa: false, frontProxy: false },
  },
  'ca.key kept elsewhere, all signed (E16)': { lost: ['pki/ca.key'], expected: { clusterCa: true, frontProxy: false } },
  'front-proxy-ca.key kept elsewhere (E30)': { lost: ['pki/front-proxy-ca.key'], expected: { clusterCa: false, frontProxy: true } },
  'front-proxy client lost as well (E30)': {
    lost: ['pki/front-proxy-ca.key', 'pki/front-proxy-client.crt', 'pki/front-proxy-client.key'],
    expected: [/front-proxy-client\.key" is not there/, /front-proxy-client\.crt" is not there/],
  },
  'both kept elsewhere': { lost: ['pki/ca.key', 'pki/front-proxy-ca.key'], expected: { clusterCa: true, frontProxy: true } },
  'several things missing at once': {
    lost: ['pki/ca.key', 'pki/apiserver.key', 'pki/apiserver-kubelet-client.crt', 'scheduler.conf', 'super-admin.conf'],
    expected: [
      /apiserver\.key" is not there/,
      /apiserver-kubelet-client\.crt" is not there/,
      /super-admin\.conf" is not there/,
      /scheduler\.conf" is not there/,
    ],
  },
  'a certificate of another CA': {
    lost: ['pki/ca.key'],
    change: (files) => files.set('pki/apiserver.crt', files.get('pki/front-proxy-client.crt') ?? { mode: 0o644, content: '' }),
    expected: [/apiserver\.crt" cannot be used with its CA: the CA "kubernetes" has not signed it/],
  },
  'a kubeconfig with another CA': {
    lost: ['pki/ca.key'],
    change: (files) =>
      rewrite(files, 'admin.conf', (text) => text.replace(/(authority-data: )\S+/, `$1${base64(files.get('pki/etcd/ca.crt'))}`)),
    expected: [/admin\.conf" .* does not trust the CA/],
  },
  'a kubeconfig with another server': {
    lost: ['pki/ca.key'],
    change: (files) => rewrite(files, 'scheduler.conf', (text) => text.replace(/server: .*/, 'server: https://other:6443')),
    expected: { clusterCa: true, frontProxy: false },
    warnings: [/scheduler\.conf" talks to "https:\/\/other:6443"/],
  },
  'a bundle whose second CA is that of the kubeconfigs': {
    lost: ['pki/ca.key'],
    change: (files) => {
      rewrite(files, 'pki/ca.crt', (text) => text + (files.get('pki/etcd/ca.crt')?.content ?? ''))
      rewrite(files, 'admin.conf', (text) => text.replace(/(authority-data: )\S+/, `$1${base64(files.get('pki/etcd/ca.crt'))}`))
    },
    expected: { clusterCa: true, frontProxy: false },
  },
}

test.for(Object.entries(cases))(
  '%s: kubeadm and kadm go on or refuse alike',
  async ([, { lost, change = () => undefined, expected, warnings = [] }], context) => {
    const root = await temporaryDirectory()
    const config = configIn(root)
    await runCerts(config)
    await runKubeconfigs(config)
    const files = new Map([...(await filesIn(root))].filter(([name]) => !lost.includes(name)))
    change(files)
    await putFiles(root, files)
    const warned: string[] = []

    // Any phase of init makes the check first; this one has nothing to do where etcd's files are there.
    const kubeadm = await runKubeadm(context, config, ['certs etcd-ca'], files)
    const found: unknown = await checkExternalCa({
      config,
      host: localHost(),
      kubeconfigDir: root,
      warn: (line) => warned.push(line),
    }).catch((error: unknown) => error)

    expect(kubeadm.exitCode).toBe(Array.isArray(expected) ? 1 : 0)
    if (Array.isArray(expected)) {
      expect(found).toMatchObject({ code: 'EXTERNAL_CA_INCOMPLETE' })
      expect((found as KadmError).details).toEqual(expected.map((pattern: RegExp) => expect.stringMatching(pattern)))
    } else {
      expect(found).toEqual(expected)
    }
    expect(warned).toEqual(warnings.map((pattern) => expect.stringMatching(pattern)))
    expect(await filesIn(root)).toEqual(files)
  },
)

test('with an external CA both say the same and make nothing (E16)', async (context) => {
  const root = await temporaryDirectory()
  const config = configIn(root)
  await runCerts(config)
  await runKubeconfigs(config)
  const files = new Map([...(await filesIn(root))].filter(([name]) => name !== 'pki/ca.key' && name !== 'pki/sa.pub'))
  await putFiles(root, files)

  const kubeadm = await runKubeadm(context, config, ['certs all', 'kubeconfig all'], files)
  const certs = await runCerts(config)
  const kubeconfigs = await runKubeconfigs(config)

  expect(certs.lines).toEqual(linesOf(kubeadm, 'certs').slice(1))
  expect(kubeconfigs.lines).toEqual(linesOf(kubeadm, 'kubeconfig').slice(1))
  expect(certs.lines).toContain('Using existing ca keyless certificate authority')
  expect(await filesIn(root)).toEqual(files)
})

function rewrite(files: Map<string, FileState>, name: string, change: (text: string) => string): void {
  const before = files.get(name) ?? { mode: 0o600, content: '' }
  files.set(name, { ...before, content: change(before.content) })
}

function base64(file: FileState | undefined): string {
  return Buffer.from(file?.content ?? '').toString('base64')
}
