/** The undo of a run by which a host came into its cluster, in a jail: what goes, what stays, and what is refused. */
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { Host } from '../../src/host/host.ts'
import { openJournal } from '../../src/host/journal/journal.ts'
import { journalingHost } from '../../src/host/journal/journaling-host.ts'
import { foundFolders } from '../../src/phases/undo/kubelet-folders.ts'
import { undoFingerprint } from '../../src/phases/undo/undo-target.ts'
import { runJailed, type JailResult } from '../support/jail.ts'
import { rootedHost } from '../support/rooted-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { etcdManifest } from './reset/jailed-reset.ts'

type Files = Readonly<Record<string, string>>

interface UndoScene {
  /** There before the run. */
  readonly before?: Files
  /** What the run writes, as a phase of kadm does. */
  readonly made: Files
  /** By others, after it; `null`: taken away. */
  readonly since?: Readonly<Record<string, string | null>>
  readonly command?: string
  readonly outcome?: 'done' | 'failed'
  /** Of the run; the default is none. */
  readonly phasesDone?: readonly string[]
  /** An undo of it was cut off when it had left etcd. */
  readonly hasBegun?: boolean
  /** Words after `undo`. */
  readonly words?: readonly string[]
}

/** The files of a host on which the run was, in a jail, and then `kadm undo`. */
async function undone(scene: UndoScene): Promise<JailResult> {
  const { before = {}, made, since = {}, command = 'init', outcome = 'done', phasesDone = [], hasBegun = false, words = ['--yes'] } = scene
  const root = await temporaryDirectory()
  const host = rootedHost(root)
  await putAll(host, before)
  const journal = await openJournal(host)
  await journal.append({ kind: 'run-started', run: 'r1', command, fingerprint: 'f', version: '0.1.0' })
  await journal.append({ kind: 'found', run: 'r1', folders: await foundFolders(host, ['/var/lib/etcd']) })
  await putAll(journalingHost(host, journal, 'r1'), made)
  for (const phase of phasesDone) await journal.append({ kind: 'phase-done', run: 'r1', phase })
  await journal.append({ kind: 'run-finished', run: 'r1', outcome })
  if (hasBegun) {
    await journal.append({ kind: 'run-started', run: 'u1', command: 'undo', fingerprint: undoFingerprint(['r1']), version: '0.1.0' })
    await journal.append({ kind: 'phase-started', run: 'u1', phase: 'etcd-member' })
  }
  for (const [file, content] of Object.entries(since)) await (content === null ? host.removeFile(file) : putAll(host, { [file]: content }))
  return runJailed([['kadm', 'undo', ...words]], { files: await filesBelow(root) })
}

async function putAll(host: Pick<Host, 'writeFile'>, files: Files): Promise<void> {
  for (const [file, content] of Object.entries(files)) await host.writeFile(file, content, { mode: 0o600, secret: file.endsWith('.key') })
}

async function filesBelow(root: string): Promise<Readonly<Record<string, { readonly content: string; readonly mode: number }>>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
  return Object.fromEntries(
    await Promise.all(
      files.map(async (file) => {
        const [content, { mode }] = await Promise.all([readFile(file, 'utf8'), stat(file)])
        return [file.slice(root.length), { content, mode: mode & 0o777 }] as const
      }),
    ),
  )
}

const manifests = '/etc/kubernetes/manifests'
const data = '/var/lib/etcd/member/wal/0.wal'
/** Of a control plane whose API never came up. */
const controlPlane: Files = {
  '/etc/kubernetes/pki/ca.crt': 'ca of the run',
  '/etc/kubernetes/kubelet.conf': 'x',
  [`${manifests}/etcd.yaml`]: etcdManifest('/var/lib/etcd'),
  [`${manifests}/kube-apiserver.yaml`]: 'x',
}
const left = ({ tree }: JailResult): readonly string[] =>
  [...tree].flatMap(([file, { kind }]) => (kind === 'file' && /^\/(etc\/kubernetes|var\/lib\/(etcd|kubelet))\//.test(file) ? [file] : []))

test('all of it goes, the data of etcd too', async () => {
  const result = await undone({ made: controlPlane, since: { [data]: 'x' } })
  expect([result.exitCode, left(result)], result.stderr).toEqual([0, []])
})

test('a reset that was cut off on the host has nothing left to do', async () => {
  const result = await undone({ made: controlPlane, since: { '/var/lib/kadm/reset-begun': '' } })
  expect([result.exitCode, result.tree.has('/var/lib/kadm/reset-begun')], result.stderr).toEqual([0, false])
})

test('data of etcd that was there before stays: a restore may have laid it there', async () => {
  const result = await undone({ before: { [data]: 'restored' }, made: controlPlane })
  expect([result.exitCode, left(result)], result.stderr).toEqual([0, [data]])
  expect(result.stderr).toContain('"/var/lib/etcd/member" is left: it was there before the run')
})

test('cut off with the manifests put aside, it is run again: the data goes, and they do', async () => {
  const result = await undone({
    made: controlPlane,
    since: {
      [data]: 'x',
      [`${manifests}/etcd.yaml`]: null,
      [`${manifests}/.etcd.yaml`]: controlPlane[`${manifests}/etcd.yaml`] ?? '',
      [`${manifests}/kube-apiserver.yaml`]: null,
      [`${manifests}/.kube-apiserver.yaml`]: 'x',
    },
  })
  expect([result.exitCode, left(result)], result.stderr).toEqual([0, []])
})

test('a manifest that was changed since is left where no kubelet starts it without its data', async () => {
  const result = await undone({
    made: controlPlane,
    since: { [data]: 'x', [`${manifests}/etcd.yaml`]: `${etcdManifest('/var/lib/etcd')}# mine\n` },
  })
  expect([result.exitCode, left(result)], result.stderr).toEqual([0, [`${manifests}/.etcd.yaml`]])
  expect(result.stderr).toContain(`"${manifests}/.etcd.yaml" is left as it is: it was changed since`)
})

const worker: Files = { '/etc/kubernetes/pki/ca.crt': 'ca of the run', '/etc/kubernetes/kubelet.conf': 'x' }
/** By kubeadm, on the host that kubeadm has reset before. */
const ofOthers = {
  '/etc/kubernetes/pki/ca.crt': 'ca of others',
  '/etc/kubernetes/kubelet.conf': 'of others',
  [`${manifests}/etcd.yaml`]: etcdManifest('/var/lib/etcd'),
  [data]: 'x',
}

test('a host that others have put into another cluster since is left as it is', async () => {
  const scene = { made: worker, since: ofOthers, command: 'join' }
  const refused = await undone(scene)
  expect([refused.exitCode, left(refused)]).toEqual([1, expect.arrayContaining(Object.keys(ofOthers))])
  expect(refused.stderr).toContain('"/etc/kubernetes/pki/ca.crt" is not the one that the run left')
  expect(refused.stderr).toContain('[UNDO_REFUSED]')
  const forced = await undone({ ...scene, words: ['--yes', '--force'] })
  expect([forced.exitCode, forced.tree.has('/etc/kubernetes/pki/ca.crt')], forced.stderr).toEqual([0, false])
})

test('so is one whose CA is not in the journal, by its kubelet.conf; one that others have only reset is undone', async () => {
  const ca = { '/etc/kubernetes/pki/ca.crt': 'ca of the run' }
  const refused = await undone({ before: ca, made: worker, since: ofOthers, command: 'join' })
  expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('"/etc/kubernetes/kubelet.conf" is not the one')])
  const gone = await undone({ made: worker, since: Object.fromEntries(Object.keys(worker).map((file) => [file, null])), command: 'join' })
  expect([gone.exitCode, left(gone)], gone.stderr).toEqual([0, []])
})

test.each([
  ['/etc/kubernetes/kubelet.conf', 1],
  [`${manifests}/kube-apiserver.yaml`, 1],
  ['/etc/kubernetes/foreign.conf', 0],
])('keys on which others have made a cluster since are not removed: with %s exit code %d', async (file, exitCode) => {
  const keys = { '/etc/kubernetes/pki/ca.key': 'key', '/etc/kubernetes/pki/etcd/ca.key': 'key' }
  const result = await undone({ made: keys, since: { [file]: 'x' }, command: 'init phase certs' })
  expect([result.exitCode, result.tree.has('/etc/kubernetes/pki/ca.key')], result.stderr).toEqual([exitCode, exitCode === 1])
})

const silentApi = { '/etc/kubernetes/admin.conf': 'x' }

test('a control plane whose API does not say who else is in the cluster does not go', async () => {
  const scene = { made: controlPlane, since: { ...silentApi, [data]: 'x' } }
  const refused = await undone(scene)
  expect([refused.exitCode, left(refused)]).toEqual([1, expect.arrayContaining([data, ...Object.keys(controlPlane)])])
  expect(refused.stderr).toMatch(/whether other nodes are in the cluster of \S+ is not known: .* \[UNDO_REFUSED\]/)
  expect((await undone({ ...scene, words: ['--yes', '--force'] })).exitCode).toBe(0)
})

test('nor does one that the journal does not know as a control plane', async () => {
  const { '/etc/kubernetes/pki/ca.crt': _, ...since } = ofOthers
  const refused = await undone({ made: worker, since: { ...since, ...silentApi }, command: 'join' })
  expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('whether other nodes are in the cluster')])
})

test.each<Pick<UndoScene, 'hasBegun' | 'outcome'>>([{ hasBegun: true }, { outcome: 'failed' }])(
  'one whose API is gone by an undo that was cut off, or never was up, goes: %j',
  async (more) => {
    const result = await undone({ made: controlPlane, since: { ...silentApi, [data]: 'x' }, ...more })
    expect([result.exitCode, left(result)], result.stderr).toEqual([0, Object.keys(silentApi)])
  },
)

test('one whose init failed after its API was up does not', async () => {
  const result = await undone({ made: controlPlane, since: silentApi, outcome: 'failed', phasesDone: ['wait-control-plane/api'] })
  expect([result.exitCode, result.stderr]).toEqual([1, expect.stringContaining('[UNDO_REFUSED]')])
})

test('an init notes what lay in the folder of etcd', async () => {
  const config = '/tmp/jail/init.yaml'
  const text =
    'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v1.37.2\netcd: {local: {dataDir: /var/lib/my-etcd}}\n'
  const { exitCode, stderr, tree } = await runJailed([['kadm', 'init', 'phase', 'certs', 'sa', '--config', config]], {
    files: { [config]: text, '/var/lib/my-etcd/member/wal/0.wal': 'x' },
  })
  expect(exitCode, stderr).toBe(0)
  expect(String(tree.get('/var/lib/kadm/journal.jsonl')?.content)).toContain('"/var/lib/my-etcd":["member"]')
})
