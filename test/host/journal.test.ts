import { createHash, createHmac, randomBytes } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { describingFileErrors } from '../../src/host/file-error.ts'
import { type JournalEntry, journalFile, readJournal } from '../../src/host/journal/journal-file.ts'
import { runsOf, unfinishedRun } from '../../src/host/journal/journal-runs.ts'
import { readChain } from '../../src/host/journal/hash-chain.ts'
import { openJournal } from '../../src/host/journal/journal.ts'
import { journalingHost } from '../../src/host/journal/journaling-host.ts'
import { recordingHost } from '../../src/host/recording-host.ts'
import { keepRunSecret, removeRunSecrets } from '../../src/host/run-secrets.ts'
import { digestKeyFile } from '../../src/host/journal/secret-digest.ts'
import { rootedHost } from '../support/rooted-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const started = (run: string, fingerprint = 'f'): JournalEntry => ({
  kind: 'run-started',
  run,
  command: 'init',
  fingerprint,
  version: '0.1.0',
})

test('cut off at any byte, it reads as the lines before, goes on, and holds', async () => {
  const root = await temporaryDirectory()
  const host = rootedHost(root)
  const writer = await openJournal(host)
  await writer.append(started('r1'))
  await writer.append({ kind: 'phase-started', run: 'r1', phase: 'certs/ca ä€' })
  await writer.append({ kind: 'phase-done', run: 'r1', phase: 'certs/ca ä€' })
  const whole = await readFile(path.join(root, journalFile))
  for (let length = 0; length <= whole.length; length++) {
    await writeFile(path.join(root, journalFile), whole.subarray(0, length))
    const lines = whole.subarray(0, length).toString('latin1').split('\n').length - 1
    const read = await readJournal(host)
    expect([read.records.length, read.torn]).toEqual([lines, length !== 0 && whole[length - 1] !== 10])
    await (await openJournal(host)).append({ kind: 'run-finished', run: 'r1', outcome: 'done' })
    expect((await readJournal(host)).records.map(({ kind }) => kind)).toEqual([...read.records.map(({ kind }) => kind), 'run-finished'])
  }
})

test.each(['it is too large: more than 64 MiB', 'no answer within 30 s'])(
  'one that is more than can be read is moved aside: %s',
  async (why) => {
    const read = describingFileErrors<never>('read', journalFile, async () => Promise.reject(new Error(why)))
    await expect(readJournal({ readFile: () => read })).rejects.toMatchObject({
      code: 'FILE_FAILED',
      message: `cannot read "${journalFile}": ${why}`,
      remedy: [expect.stringMatching(/^ls -l /), expect.stringMatching(/^mv \/var\/lib\/kadm\/journal\.jsonl \S+\.old {3}# /)],
    })
    const other = new Error('no disk')
    await expect(readJournal({ readFile: async () => Promise.reject(other) })).rejects.toBe(other)
  },
)

test('it is for root only, and each line names the hash of the one before', async () => {
  const root = await temporaryDirectory()
  const writer = await openJournal(rootedHost(root))
  await Promise.all(Array.from({ length: 50 }, (_, index) => writer.append({ kind: 'phase-started', run: 'r', phase: `p${index}` })))
  const file = path.join(root, journalFile)
  expect([(await stat(file)).mode & 0o777, (await stat(path.dirname(file))).mode & 0o777]).toEqual([0o600, 0o700])
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line).phase)).toEqual(Array.from({ length: 50 }, (_, index) => `p${index}`))
  for (const [index, line] of lines.entries()) expect(JSON.parse(line).previous).toBe(index === 0 ? '' : sha256(lines[index - 1] ?? ''))
})

test('entries that come together reach the disk together, and a failure is not written over', async () => {
  const root = await temporaryDirectory()
  const real = rootedHost(root)
  let appends = 0
  const writer = await openJournal({ ...real, appendFile: (...given) => (appends++, real.appendFile(...given)) })
  await Promise.all(Array.from({ length: 40 }, () => writer.append(started('r'))))
  expect(appends).toBeLessThanOrEqual(2)
  const failing = await openJournal({ ...real, appendFile: async () => Promise.reject(new Error('disk full')) })
  await expect(failing.append(started('r'))).rejects.toThrow('disk full')
  await expect(failing.append(started('r'))).rejects.toThrow('disk full')
})

test('a changed, a missing and a foreign line are noticed', async () => {
  const root = await temporaryDirectory()
  const host = rootedHost(root)
  const writer = await openJournal(host)
  for (const run of ['a', 'b', 'c']) await writer.append(started(run))
  const file = path.join(root, journalFile)
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
  const broken = [
    lines.with(1, (lines[1] ?? '').replace('init', 'join')),
    lines.toSpliced(1, 1),
    lines.toSpliced(0, 1),
    lines.toSpliced(2, 0, 'nonsense'),
    lines.with(0, ''),
  ]
  for (const changed of broken) {
    await writeFile(file, `${changed.join('\n')}\n`)
    await expect(readJournal(host)).rejects.toMatchObject({ code: 'JOURNAL_BROKEN' })
  }
  await truncate(file)
  expect((await readJournal(host)).records).toEqual([])
})

test('a broken journal is put aside by a command that can be pasted, whatever the path', async () => {
  await expect(readChain({ readFile: async () => Buffer.from('nonsense\n') }, '/of ann/journal')).rejects.toMatchObject({
    remedy: [
      expect.stringMatching(/^mv '\/of ann\/journal' '\/of ann\/journal\.broken' {3}# .* nor that a run is unfinished$/),
      expect.stringMatching('reset that host after this, and let it join anew'),
    ],
  })
})

test('each change is on disk, with what was there before, when it is made', async () => {
  const root = await temporaryDirectory()
  const real = rootedHost(root)
  await mkdir(path.join(root, 'etc'))
  await writeFile(path.join(root, 'etc/old'), 'before')
  await chmod(path.join(root, 'etc/old'), 0o640)
  const known: number[] = []
  const spying = {
    ...real,
    writeFile: async (...given: Parameters<typeof real.writeFile>) => (
      known.push((await readJournal(real)).records.length),
      real.writeFile(...given)
    ),
  }
  const host = journalingHost(spying, await openJournal(real), 'r1')
  await host.writeFile('/etc/old', 'after', { mode: 0o600 })
  await host.writeFile('/etc/kubernetes/pki/ca.key', 'very secret', { mode: 0o600, directoryMode: 0o700, secret: true })
  await host.writeFile('/etc/old', 'after', { mode: 0o600 })
  await host.changeOwner('/etc/old', { uid: 5, gid: 6 })
  await host.run(['true', '--token', 'abcdef.0123456789abcdef'])
  await host.removeFile('/etc/old')
  const changes = (await readJournal(real)).records.flatMap((record) => (record.kind === 'change' ? [record.change] : []))
  const key = await readFile(path.join(root, digestKeyFile), 'utf8')
  const digest = (text: string): string => createHmac('sha256', key).update(text).digest('hex')
  const backup = {
    mode: 0o640,
    owner: { uid: 0, gid: 0 },
    sha256: sha256('before'),
    backup: expect.stringMatching(/^\/var\/lib\/kadm\/backups\/r1\/1-old$/),
  }
  expect(changes).toEqual([
    { kind: 'write-file', path: '/etc/old', before: backup, after: { mode: 0o600, sha256: sha256('after') } },
    { kind: 'make-directory', path: '/etc/kubernetes', before: 'absent', after: { mode: 0o700 } },
    { kind: 'make-directory', path: '/etc/kubernetes/pki', before: 'absent', after: { mode: 0o700 } },
    { kind: 'write-file', path: '/etc/kubernetes/pki/ca.key', before: 'absent', after: { mode: 0o600, digest: digest('very secret') } },
    { kind: 'change-owner', path: '/etc/old', before: { mode: 0o600, owner: { uid: 0, gid: 0 } }, owner: { uid: 5, gid: 6 } },
    { kind: 'run-command', argv: ['true', '--token', 'abcdef.[redacted]'] },
    {
      kind: 'remove-file',
      path: '/etc/old',
      before: { mode: 0o600, owner: { uid: 5, gid: 6 }, digest: digest('after'), backup: '/var/lib/kadm/backups/r1/2-old' },
    },
  ])
  // Backup, the write of it, the key of digests (after two directories), the key: the journal was ahead of each write that it tells of.
  expect(known).toEqual([0, 1, 3, 4, 4, 6])
  expect((await stat(path.join(root, digestKeyFile))).mode & 0o777).toBe(0o600)
  const copy = path.join(root, 'var/lib/kadm/backups/r1/1-old')
  expect([await readFile(copy, 'utf8'), (await stat(copy)).mode & 0o777]).toEqual(['before', 0o600])
  expect(await readFile(path.join(root, journalFile), 'utf8')).not.toMatch(/very secret|0123456789abcdef/)
})

test('of what a run made itself no copy is kept: a credential that it removes is gone, also when an earlier part of the run wrote it', async () => {
  const root = await temporaryDirectory()
  const real = rootedHost(root)
  const first = journalingHost(real, await openJournal(real), 'r1')
  await first.writeFile('/etc/token.conf', 'credential one', { mode: 0o600, secret: true })
  await first.writeFile('/etc/token.conf', 'credential two', { mode: 0o600, secret: true })
  const second = journalingHost(real, await openJournal(real), 'r2', new Set(['/etc/token.conf']))
  await second.removeFile('/etc/token.conf')
  expect(await readdir(path.join(root, 'var/lib/kadm'))).toEqual([path.basename(digestKeyFile), path.basename(journalFile)])
  await second.writeFile('/etc/token.conf', 'of the user', { mode: 0o600 })
  await writeFile(path.join(root, 'etc/other.conf'), 'of the user')
  await second.removeFile('/etc/other.conf')
  expect(await readdir(path.join(root, 'var/lib/kadm/backups/r2'))).toEqual(['1-other.conf'])
})

test('what a link leads to is backed up as well', async () => {
  const root = await temporaryDirectory()
  await mkdir(path.join(root, 'etc'))
  await writeFile(path.join(root, 'etc/target'), 'before')
  await symlink('target', path.join(root, 'etc/link'))
  const real = rootedHost(root)
  await journalingHost(real, await openJournal(real), 'r1').writeFile('/etc/link', 'after', { mode: 0o600 })
  expect(await readFile(path.join(root, 'var/lib/kadm/backups/r1/1-link'), 'utf8')).toBe('before')
})

test('an unfinished run is found with all that it and its earlier attempts did', async () => {
  const host = rootedHost(await temporaryDirectory())
  const writer = await openJournal(host)
  const attempt = async (run: string, fingerprint: string, phase: string): Promise<void> => {
    await writer.append(started(run, fingerprint))
    await journalingHost(host, writer, run).writeFile(`/etc/${run}`, run, { mode: 0o600 })
    await writer.append({ kind: 'phase-done', run, phase })
  }
  expect(unfinishedRun(await readJournal(host))).toBeUndefined()
  await attempt('other', 'g', 'x')
  await attempt('r1', 'f', 'certs/ca')
  await writer.append({ kind: 'run-finished', run: 'r1', outcome: 'failed' })
  await attempt('r2', 'f', 'certs/etcd-ca')
  const found = unfinishedRun(await readJournal(host))
  expect(found).toMatchObject({ id: 'r2', fingerprint: 'f', outcome: 'cut-off', phasesDone: ['certs/ca', 'certs/etcd-ca'] })
  expect(found?.changes.flatMap((change) => ('path' in change ? [change.path] : []))).toEqual(['/etc/r1', '/etc/r2'])
  await writer.append({ kind: 'run-finished', run: 'r2', outcome: 'done' })
  expect(unfinishedRun(await readJournal(host))).toBeUndefined()
  expect(runsOf(await readJournal(host)).map(({ outcome }) => outcome)).toEqual(['cut-off', 'failed', 'done'])
})

test('a secret is the same for the run that goes on, another for another run, and gone after it', async () => {
  const root = await temporaryDirectory()
  const host = rootedHost(root)
  const make = (): string => randomBytes(8).toString('hex')
  const token = await keepRunSecret(host, { fingerprint: 'f', name: 'token', make })
  expect(await keepRunSecret(host, { fingerprint: 'f', name: 'token', make })).toBe(token)
  expect(await keepRunSecret(recordingHost(host), { fingerprint: 'f', name: 'token', make })).toBe(token)
  expect((await stat(path.join(root, 'var/lib/kadm/run-secrets/token'))).mode & 0o777).toBe(0o600)
  expect(await keepRunSecret(host, { fingerprint: 'g', name: 'token', make })).not.toBe(token)
  await removeRunSecrets(journalingHost(host, await openJournal(host), 'r1'))
  expect(await host.list('/var/lib/kadm')).toEqual([])
  const recording = recordingHost(host)
  await keepRunSecret(recording, { fingerprint: 'f', name: 'token', make })
  expect(recording.plan()).toEqual([])
})

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
