/** The comparison itself: what it passes over is in the table of `docs/compatibility.md`, and what else is changed it sees. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { runJailed, type TreeEntry } from '../../support/jail.ts'
import { realBinary } from '../../support/real-binary.ts'
import { allowedDifferencesTable } from './allowed-differences.ts'
import { clusterObjects } from './cluster-objects.ts'
import { treeMeaning } from './meaning.ts'

test('docs/compatibility.md has the table of what may differ', async () => {
  const page = await readFile(path.join(import.meta.dirname, '../../../docs/compatibility.md'), 'utf8')
  expect(/<!-- allowed differences -->\n([^]*?)\n<!-- end -->/.exec(page)?.[1]).toBe(allowedDifferencesTable())
})

test('two runs of the same say the same, and a change of any one thing is seen', { timeout: 60_000 }, async (context) => {
  const left = (...names: readonly string[]): Promise<ReadonlyMap<string, TreeEntry>> => made(realBinary(context, 'kubeadm'), names)
  const [one, other, otherNames] = await Promise.all([
    left('a.example', 'b.example'),
    left('a.example', 'b.example'),
    left('a.example', 'c.example'),
  ])
  const same = treeMeaning(one).files
  expect(treeMeaning(other).files).toEqual(same)
  expect(treeMeaning(otherNames).files).not.toEqual(same)

  const changed = (file: string, change: Partial<TreeEntry>): unknown => {
    const entry = other.get(file)
    if (entry === undefined) throw new Error(`no ${file}`)
    return treeMeaning(new Map([...other, [file, { ...entry, ...change }]])).files
  }
  const pki = '/etc/kubernetes/pki'
  const content = (file: string): Buffer => other.get(file)?.content ?? Buffer.of()
  expect(changed(`${pki}/ca.key`, { mode: 0o640 })).not.toEqual(same)
  expect(changed(`${pki}/ca.key`, { uid: 1 })).not.toEqual(same)
  expect(changed(`${pki}/ca.key`, { content: content(`${pki}/apiserver.key`) })).not.toEqual(same)
  expect(changed(`${pki}/apiserver.crt`, { content: content(`${pki}/ca.crt`) })).not.toEqual(same)
  const conf = '/etc/kubernetes/admin.conf'
  expect(changed(conf, { content: Buffer.from(String(content(conf)).replace('server: https', 'server: http')) })).not.toEqual(same)
  const chained = Buffer.from(content(`${pki}/apiserver.crt`)).toString('base64')
  expect(
    changed(conf, { content: Buffer.from(String(content(conf)).replace(/(client-certificate-data: )\S+/, `$1${chained}`)) }),
  ).not.toEqual(same)
  expect(treeMeaning(new Map([...other].filter(([file]) => file !== conf))).files).not.toEqual(same)
})

test('objects are compared but for what the table allows', () => {
  const object = (change: object, metadata: object = {}): string =>
    JSON.stringify({
      items: [
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'a', namespace: 'b', uid: 'u', labels: { x: 'y' }, ...metadata },
          data: { c: 'd' },
          ...change,
        },
      ],
    })
  const same = clusterObjects(object({}))
  expect(clusterObjects(object({ status: {} }, { uid: 'v', resourceVersion: '7', managedFields: [] }))).toEqual(same)
  for (const [change, metadata] of [
    [{ data: { c: 'e' } }, {}],
    [{ data: { c: 'd', f: '' } }, {}],
    [{ immutable: true }, {}],
    [{}, { labels: { x: 'z' } }],
    [{}, { annotations: { x: 'z' } }],
    [{}, { ownerReferences: [{ name: 'o', uid: 'w' }] }],
    [{}, { namespace: 'c' }],
  ] as const) {
    expect(clusterObjects(object(change, metadata))).not.toEqual(same)
  }
})

async function made(kubeadm: string, names: readonly string[]): Promise<ReadonlyMap<string, TreeEntry>> {
  const config = {
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    kind: 'ClusterConfiguration',
    kubernetesVersion: 'v1.37.2',
    encryptionAlgorithm: 'ECDSA-P256',
    apiServer: { certSANs: names },
  }
  const phase = (...words: readonly string[]): readonly string[] => [
    kubeadm,
    'init',
    'phase',
    ...words,
    '--config',
    '/tmp/jail/config.yaml',
  ]
  const { tree } = await runJailed([phase('certs', 'all'), phase('kubeconfig', 'admin')], {
    files: { '/tmp/jail/config.yaml': JSON.stringify(config) },
  })
  return new Map([...tree].filter(([file]) => file.startsWith('/etc/kubernetes')))
}
