/** What an undo does about each file, on real folders; hosts with their kubelets are in test/e2e/undo.test.ts. */
import { chmod, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { undoPlanText } from '../../src/cli/text/undo-plan-text.ts'
import { kinds } from '../../src/cluster/kinds.ts'
import { recordingCluster } from '../../src/cluster/recording-cluster.ts'
import { observeHost } from '../../src/fleet/look/host-state.ts'
import type { Host } from '../../src/host/host.ts'
import { readJournal, type JournaledChange, type JournalEntry } from '../../src/host/journal/journal-file.ts'
import { openJournal } from '../../src/host/journal/journal.ts'
import { journalingHost } from '../../src/host/journal/journaling-host.ts'
import { putFilesBack, removeMadeDirectories } from '../../src/phases/undo/put-back.ts'
import { startUndo, type UndoPlan, type UndoRequest } from '../../src/phases/undo/start-undo.ts'
import { undoSteps } from '../../src/phases/undo/undo-steps.ts'
import { undoFingerprint, undoTarget } from '../../src/phases/undo/undo-target.ts'
import { installedProgram, replaceProgram } from '../../src/phases/upgrade/kubelet-program.ts'
import { rootedHost } from '../support/rooted-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'

interface Scene {
  readonly root: string
  readonly host: Host
}

/** A host with two files of the user's, and a run of kadm that changes both, makes three and removes one. */
async function scene(): Promise<Scene> {
  const root = await temporaryDirectory()
  const host = { ...rootedHost(root), lock: async () => async () => undefined }
  await mkdir(path.join(root, 'etc'))
  await writeFile(path.join(root, 'etc/user.conf'), 'of the user')
  await chmod(path.join(root, 'etc/user.conf'), 0o640)
  await writeFile(path.join(root, 'etc/user.key'), 'key of the user', { mode: 0o600 })
  await writeFile(path.join(root, 'etc/gone.conf'), 'will go', { mode: 0o644 })
  await journaledRun(host, 'r1', async (changing) => {
    await changing.writeFile('/etc/user.conf', 'of kadm', { mode: 0o644 })
    await changing.writeFile('/etc/user.conf', 'of kadm, twice', { mode: 0o600 })
    await changing.writeFile('/etc/user.key', 'key of kadm', { mode: 0o600, secret: true })
    await changing.removeFile('/etc/gone.conf')
    await changing.writeFile('/etc/made/by/kadm.key', 'made key', { mode: 0o600, directoryMode: 0o700, secret: true })
    await changing.writeFile('/etc/made/for-a-moment', 'x', { mode: 0o600 })
    await changing.removeFile('/etc/made/for-a-moment')
  })
  return { root, host }
}

async function journaledRun(host: Host, run: string, work: (changing: Host) => Promise<void>, command = 'certs'): Promise<void> {
  const journal = await openJournal(host)
  await journal.append({ kind: 'run-started', run, command, fingerprint: 'f', version: '0.1.0' })
  await work(journalingHost(host, journal, run))
  await journal.append({ kind: 'run-finished', run, outcome: 'done' })
}

async function acts(host: Host, force = false): Promise<Readonly<Record<string, string>>> {
  const { changes } = undoTarget(await readJournal(host), { all: false })
  return Object.fromEntries((await undoSteps(host, changes, { force })).map(({ path: file, act }) => [file, act]))
}

const request = (changes: Partial<UndoRequest> = {}): UndoRequest => ({
  all: false,
  force: false,
  node: undefined,
  cluster: async () => undefined,
  confirm: async () => true,
  signal: new AbortController().signal,
  report: () => {},
  warn: () => {},
  onStart: () => {},
  ...changes,
})

test('files have their former bytes, mode and owner again, what was made is gone, and the copies are too', async () => {
  const { root, host } = await scene()
  expect(await acts(host)).toEqual({
    '/etc/user.conf': 'put-back',
    '/etc/user.key': 'put-back',
    '/etc/gone.conf': 'put-back',
    '/etc/made': 'remove',
    '/etc/made/by': 'remove',
    '/etc/made/by/kadm.key': 'remove',
  })
  let seen: UndoPlan | undefined
  expect(await startUndo(host, request({ confirm: async (plan) => ((seen = plan), true) }))).toBe('done')
  expect(seen?.target.runs.map(({ command }) => command)).toEqual(['certs'])
  expect(await host.list('/etc')).toEqual(['gone.conf', 'user.conf', 'user.key'])
  expect(await readFile(path.join(root, 'etc/user.conf'), 'utf8')).toBe('of the user')
  expect(await readFile(path.join(root, 'etc/user.key'), 'utf8')).toBe('key of the user')
  expect(await readFile(path.join(root, 'etc/gone.conf'), 'utf8')).toBe('will go')
  const modes = await Promise.all(
    ['user.conf', 'user.key', 'gone.conf'].map(async (name) => (await stat(path.join(root, 'etc', name))).mode & 0o777),
  )
  expect(modes).toEqual([0o640, 0o600, 0o644])
  expect(await host.list('/var/lib/kadm')).toEqual(['digest-key', 'journal.jsonl'])
  expect(await startUndo(host, request())).toBe('nothing')
})

test('the answer no changes nothing, not even the journal', async () => {
  const { root, host } = await scene()
  const before = await readFile(path.join(root, 'var/lib/kadm/journal.jsonl'))
  expect(await startUndo(host, request({ confirm: async () => false }))).toBe('not-confirmed')
  expect((await readFile(path.join(root, 'var/lib/kadm/journal.jsonl'))).equals(before)).toBe(true)
  expect(await readFile(path.join(root, 'etc/user.conf'), 'utf8')).toBe('of kadm, twice')
})

test('what was changed since is named and left, secrets too, and its former content stays on the host; --force takes it all back', async () => {
  const { root, host } = await scene()
  await writeFile(path.join(root, 'etc/user.conf'), 'changed since')
  await writeFile(path.join(root, 'etc/made/by/kadm.key'), 'another k')
  await rm(path.join(root, 'etc/user.key'))
  await writeFile(path.join(root, 'etc/gone.conf'), 'back again')
  expect(await acts(host)).toMatchObject({
    '/etc/user.conf': 'leave',
    '/etc/made/by/kadm.key': 'leave',
    '/etc/user.key': 'leave',
    '/etc/gone.conf': 'leave',
  })
  expect(await acts(host, true)).toMatchObject({
    '/etc/user.conf': 'put-back',
    '/etc/made/by/kadm.key': 'remove',
    '/etc/user.key': 'put-back',
    '/etc/gone.conf': 'put-back',
  })
  const said: string[] = []
  await startUndo(host, request({ report: (event) => void (event.kind === 'warning' && said.push(event.text)) }))
  expect(said.join('\n')).toMatch(
    /"\/etc\/user\.conf" is left as it is: it was changed since \(as it was before: "\/var\/lib\/kadm\/backups\/r1\/1-user\.conf"\)/,
  )
  expect(said.join('\n')).toContain('"/etc/made/by" is left: there is something in it that kadm did not make')
  expect(await readFile(path.join(root, 'etc/user.conf'), 'utf8')).toBe('changed since')
  expect(await readFile(path.join(root, 'var/lib/kadm/backups/r1/1-user.conf'), 'utf8')).toBe('of the user')
})

test('a mode that was changed since counts as a change', async () => {
  const { root, host } = await scene()
  await chmod(path.join(root, 'etc/made/by/kadm.key'), 0o644)
  expect(await acts(host)).toMatchObject({ '/etc/made/by/kadm.key': 'leave', '/etc/user.key': 'put-back' })
})

test('cut off after any of its changes, it is done by the next', async () => {
  for (let most = 0; ; most++) {
    const { host } = await scene()
    let left = most
    const spend =
      <T extends readonly unknown[]>(act: (...given: T) => Promise<void>) =>
      async (...given: T) => {
        if (left-- <= 0) throw new Error('cut off')
        await act(...given)
      }
    const dying = {
      ...host,
      writeFile: spend(host.writeFile),
      removeFile: spend(host.removeFile),
      removeDirectory: spend(host.removeDirectory),
    }
    const { changes } = undoTarget(await readJournal(host), { all: false })
    const steps = await undoSteps(host, changes, { force: false })
    const isCut = await putFilesBack(dying, steps)
      .then(async () => removeMadeDirectories(dying, steps))
      .then(
        () => false,
        () => true,
      )
    await startUndo(host, request())
    expect(await host.list('/etc')).toEqual(['gone.conf', 'user.conf', 'user.key'])
    expect(await host.readText('/etc/user.key')).toBe('key of the user')
    if (!isCut) return expect(most).toBeGreaterThan(4)
  }
})

test('one run at a time, the last one first, or all of them; attempts at the same thing are one', async () => {
  const { host } = await scene()
  await journaledRun(host, 'r2', (changing) => changing.writeFile('/etc/user.conf', 'of the second', { mode: 0o600 }))
  const journal = await openJournal(host)
  for (const run of ['r3', 'r4']) {
    await journal.append({ kind: 'run-started', run, command: 'join', fingerprint: 'g', version: '0.1.0' })
    await journalingHost(host, journal, run).writeFile(`/etc/${run}`, run, { mode: 0o600 })
  }
  const runsOf = async (all: boolean): Promise<readonly string[]> => undoTarget(await readJournal(host), { all }).runs.map(({ id }) => id)
  expect(await runsOf(false)).toEqual(['r3', 'r4'])
  expect(await runsOf(true)).toEqual(['r1', 'r2', 'r3', 'r4'])
  await startUndo(host, request())
  expect(await host.list('/etc')).not.toContain('r3')
  expect(await runsOf(false)).toEqual(['r2'])
  await startUndo(host, request())
  expect(await host.readText('/etc/user.conf')).toBe('of kadm, twice')
  await startUndo(host, request())
  expect(await host.readText('/etc/user.conf')).toBe('of the user')
})

test.each([
  { cutOff: ['r1', 'r2'], unfinished: 'undo --all', left: 'of the user' },
  { cutOff: ['r2'], unfinished: 'undo', left: 'of kadm, twice' },
])('an undo of $cutOff that was cut off is gone on with as what it was', async ({ cutOff, unfinished, left }) => {
  const { host } = await scene()
  await journaledRun(host, 'r2', (changing) => changing.writeFile('/etc/user.conf', 'of the second', { mode: 0o600 }), 'mark')
  const journal = await openJournal(host)
  await journal.append({ kind: 'run-started', run: 'u1', command: 'undo', fingerprint: undoFingerprint(cutOff), version: '0.1.0' })
  await journal.append({ kind: 'phase-started', run: 'u1', phase: 'stop' })
  // Tried once more, and no further than before.
  await journal.append({ kind: 'run-started', run: 'u2', command: 'undo', fingerprint: undoFingerprint(cutOff), version: '0.1.0' })
  expect((await observeHost(host, 'v1.37.2')).unfinished).toBe(unfinished)
  expect(await startUndo(host, request())).toBe('done')
  expect(await host.readText('/etc/user.conf')).toBe(left)
  expect((await observeHost(host, 'v1.37.2')).unfinished).toBeUndefined()
})

test('an undo whose Pods could not leave has changed nothing here: it is in the way of nothing, and is of no other runs than the next', async () => {
  const { host } = await scene()
  await journaledRun(host, 'r2', (changing) => changing.writeFile('/etc/user.conf', 'of the second', { mode: 0o600 }), 'mark')
  const journal = await openJournal(host)
  await journal.append({ kind: 'run-started', run: 'u1', command: 'undo', fingerprint: undoFingerprint(['r1', 'r2']), version: '0.1.0' })
  await journal.append({ kind: 'phase-started', run: 'u1', phase: 'drain' })
  await journal.append({ kind: 'run-finished', run: 'u1', outcome: 'failed' })
  expect((await observeHost(host, 'v1.37.2')).unfinished).toBeUndefined()
  expect(await startUndo(host, request())).toBe('done')
  expect(await host.readText('/etc/user.conf')).toBe('of kadm, twice')
})

const beyond: Readonly<Record<string, object>> = {
  'a change of a kind': { kind: 'change', run: 'r1', change: { kind: 'set-sysctl', key: 'x' } },
  'a record of a kind': { kind: 'firewall-opened', run: 'r1', port: 1 },
  'a run that begins in a way': { kind: 'session-started', run: 'r9' },
}

test.for(Object.entries(beyond))('what a newer kadm did is not half undone: %s that this one does not know', async ([, entry]) => {
  const { host } = await scene()
  await (await openJournal(host)).append(entry as JournalEntry)
  for (const force of [false, true])
    await expect(startUndo(host, request({ force }))).rejects.toMatchObject({
      code: 'UNDO_REFUSED',
      message: expect.stringContaining('cannot read in the journal'),
    })
  expect(await host.readText('/etc/user.conf')).toBe('of kadm, twice')
})

test('a later run is undone all the same', async () => {
  const { host } = await scene()
  await (await openJournal(host)).append(beyond['a change of a kind'] as JournalEntry)
  await journaledRun(host, 'r2', (changing) => changing.writeFile('/etc/user.conf', 'of the second', { mode: 0o600 }), 'mark')
  expect(await startUndo(host, request())).toBe('done')
  await expect(startUndo(host, request())).rejects.toMatchObject({ code: 'UNDO_REFUSED' })
})

test('an upgrade of the whole cluster, and one of a control plane to another minor version, are refused', async () => {
  const { root, host } = await scene()
  await journaledRun(host, 'r2', async (changing) => changing.writeFile('/etc/user.conf', 'x', { mode: 0o600 }), 'upgrade apply')
  await expect(startUndo(host, request())).rejects.toMatchObject({
    code: 'UNDO_REFUSED',
    message: expect.stringContaining('kadm upgrade apply'),
  })
  const manifest = (version: string): string => `spec:\n  containers:\n  - image: registry.k8s.io/kube-apiserver:${version}\n`
  await mkdir(path.join(root, 'etc/kubernetes/manifests'), { recursive: true })
  await writeFile(path.join(root, 'etc/kubernetes/manifests/kube-apiserver.yaml'), manifest('v1.36.3'))
  const upgradeTo = (version: string): Promise<void> =>
    journaledRun(
      host,
      version,
      (changing) => changing.writeFile('/etc/kubernetes/manifests/kube-apiserver.yaml', manifest(version), { mode: 0o600 }),
      'upgrade node',
    )
  await upgradeTo('v1.37.2')
  await expect(startUndo(host, request())).rejects.toMatchObject({
    code: 'UNDO_REFUSED',
    message: expect.stringContaining('went from 1.36 to 1.37'),
  })
  await upgradeTo('v1.37.3')
  expect(await startUndo(host, request())).toBe('done')
  expect(await host.readText('/etc/kubernetes/manifests/kube-apiserver.yaml')).toBe(manifest('v1.37.2'))
  await expect(startUndo(host, request({ all: true }))).rejects.toMatchObject({ code: 'UNDO_REFUSED' })
})

test('a kubelet that an upgrade has replaced is back, from the copy that was kept beside it', async () => {
  const { root, host } = await scene()
  const bin = path.join(root, 'bin')
  // The same path for commands, which know nothing of the root.
  await mkdir(path.dirname(path.join(root, bin)), { recursive: true })
  await symlink(bin, path.join(root, bin))
  await mkdir(bin)
  const program = (version: string): string => `#!/bin/sh\necho Kubernetes ${version}\n`
  await writeFile(path.join(bin, 'kubelet'), program('v1.36.3'), { mode: 0o755 })
  await writeFile(path.join(bin, 'kubelet-v1.37.2'), program('v1.37.2'), { mode: 0o755 })
  const facts = { ...(await host.facts()), environment: { PATH: bin } }
  const withPath = { ...host, facts: async () => facts }
  const work = async (changing: Host): Promise<void> => {
    const installed = await installedProgram(changing)
    await replaceProgram(changing, installed, { file: path.join(bin, 'kubelet-v1.37.2'), version: 'v1.37.2' })
  }
  await journaledRun(withPath, 'r2', work, 'upgrade node')
  expect((await installedProgram(withPath)).version).toBe('v1.37.2')
  expect(await startUndo(withPath, request())).toBe('done')
  expect((await installedProgram(withPath)).version).toBe('v1.36.3')
})

test('a program that kadm once replaced with "ln -fP" is known from the journal', async () => {
  const { host } = await scene()
  const work = async (changing: Host): Promise<void> => {
    await changing.run(['ln', '-fP', '/usr/bin/kubelet', '/usr/bin/kubelet-v1.36.3'])
    await changing.run(['mv', '-fT', '/usr/bin/kubelet.kadm-new', '/usr/bin/kubelet'])
  }
  const result = { argv: ['true'] as const, exitCode: 0, stdout: '', stderr: '' }
  await journaledRun({ ...host, run: async () => result }, 'r2', work, 'upgrade node')
  expect(undoTarget(await readJournal(host), { all: false }).programs).toEqual([{ file: '/usr/bin/kubelet', version: 'v1.36.3' }])
})

test('labels and taints go back on the own Node alone, whatever the journal of the host names, and the plan shows them', async () => {
  const { host } = await scene()
  const journal = await openJournal(host)
  const set = (before: unknown, after: unknown): unknown => ({ before, after })
  const marks = [
    { node: 'h4', labels: { a: set('old', 'new'), b: set(null, 'b'), c: set({ x: 1 }, 'c'), d: set('d', null) }, taints: [] },
    { node: 'h4', labels: {}, taints: { 'k:NoSchedule': set(null, 'v') } },
    { node: 'h1', labels: { 'node-role.kubernetes.io/control-plane': set(null, '') }, taints: {} },
    { node: ['h1'], labels: { b: set(null, 'b') }, taints: {} },
  ]
  await journal.append({ kind: 'run-started', run: 'r2', command: 'mark', fingerprint: 'f', version: '0.1.0' })
  for (const mark of marks) await journal.append({ kind: 'change', run: 'r2', change: { kind: 'mark-node', ...mark } as JournaledChange })
  await journal.append({ kind: 'run-finished', run: 'r2', outcome: 'done' })
  const cluster = recordingCluster(undefined, { canned: () => undefined })
  const labels = { a: 'new', b: 'b', c: 'c', 'node-role.kubernetes.io/control-plane': '' }
  const spec = { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] }
  for (const name of ['h1', 'h4']) await cluster.create({ ...kinds.node, metadata: { name, labels }, spec })
  const said: string[] = []
  let plan = ''
  await startUndo(
    host,
    request({
      node: 'h4',
      cluster: async () => cluster,
      confirm: async (shown) => ((plan = undoPlanText(shown)), true),
      report: (event) => void (event.kind === 'warning' && said.push(event.text)),
    }),
  )
  expect(plan.split('\n').slice(1)).toEqual([
    '  put back  label a="old" of the Node "h4" (it was set to "new")',
    '  remove    label b="b" of the Node "h4"',
    '  remove    taint k:NoSchedule="v" of the Node "h4"',
    '  leave     labels and taints of the Node "h1" (it is not the Node of this host)',
    '',
  ])
  expect((await cluster.get({ ...kinds.node, name: 'h1' }))?.metadata.labels).toEqual(labels)
  expect(cluster.plan().map(({ verb, name, object }) => [verb, name, object])).toEqual([
    ['create', 'h1', expect.anything()],
    ['create', 'h4', expect.anything()],
    ['patch', 'h4', { metadata: {}, spec: { taints: [] } }],
    ['patch', 'h4', { metadata: { labels: { a: 'old', b: null } } }],
  ])
  expect(said).toEqual(['labels and taints of the Node "h1" are left: it is not the Node of this host'])
})
