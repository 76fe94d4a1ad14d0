import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import {
  chmod,
  chown,
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import { writeAtomically } from '../../src/host/atomic-write.ts'
import { localHost } from '../../src/host/local-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test(
  'a writer that is killed 100 times leaves the old or the new content, and never a mode that others can read',
  { timeout: 120_000 },
  async () => {
    const lanes = await Promise.all([1, 2].map((lane) => killWriters(50, lane)))
    const seen = lanes.flatMap((lane) => lane.letters)
    expect(seen).toHaveLength(100)
    // The kills were spread over the work: else nothing was tried.
    expect(new Set(seen).size).toBeGreaterThan(2)
    expect(lanes.reduce((sum, lane) => sum + lane.leftovers, 0)).toBeGreaterThan(0)
    expect(lanes.reduce((sum, lane) => sum + lane.looks, 0)).toBeGreaterThan(1000)
  },
)

test('leftovers of a process that is gone, and of another boot, are removed by the next write of the name, those of others are not', async () => {
  const dir = await temporaryDirectory()
  const gone = spawn('true')
  await once(gone, 'exit')
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).slice(0, 8)
  const ofOtherBoots = [`.key.kadm-${process.pid}-0123456700000005`, `.key.kadm-1-00000006`]
  const left = [
    `.key.kadm-${gone.pid}-${boot}00000001`,
    `.key.kadm-${process.pid}-${boot}00000002`,
    `.key.kadm-1-${boot}00000003`,
    `.other.kadm-${gone.pid}-00000004`,
    '.key.kadm-note',
  ]
  for (const name of [...left, ...ofOtherBoots]) await writeFile(path.join(dir, name), 'half')
  await writeAtomically(path.join(dir, 'key'), 'whole', { mode: 0o600 })
  expect((await readdir(dir)).sort()).toEqual([...left.slice(1), 'key'].sort())
  const anHourAgo = new Date(Date.now() - 3_600_000)
  for (const name of left.slice(1, 3)) await utimes(path.join(dir, name), anHourAgo, anHourAgo)
  await writeAtomically(path.join(dir, 'key'), 'whole', { mode: 0o600 })
  expect((await readdir(dir)).sort()).toEqual([...left.slice(3), 'key'].sort())
})

test('what is there already is not written again; another content, mode or owner is', async () => {
  const file = path.join(await temporaryDirectory(), 'sub', 'file')
  const write = async (content: string, mode: number, owner?: { uid: number; gid: number }): Promise<number> => {
    await writeAtomically(file, content, { mode, ...(owner && { owner }) })
    return (await stat(file)).ino
  }
  const first = await write('a', 0o640)
  // A second name keeps the inode number from being given out again.
  await link(file, `${file}-keep`)
  expect(await write('a', 0o640)).toBe(first)
  expect(await write('a', 0o600)).not.toBe(first)
  expect((await stat(file)).mode & 0o7777).toBe(0o600)
  await write('a', 0o600, { uid: 1234, gid: 1235 })
  expect(await stat(file)).toMatchObject({ uid: 1234, gid: 1235 })
  await write('b', 0o600)
  expect(await stat(file)).toMatchObject({ uid: 1234, gid: 1235 })
})

test('keepMode keeps the mode of a file that is there, and only of that', async () => {
  const file = path.join(await temporaryDirectory(), 'file')
  await writeAtomically(file, 'a', { mode: 0o600, keepMode: true })
  expect((await stat(file)).mode & 0o7777).toBe(0o600)
  await chmod(file, 0o444)
  await writeAtomically(file, 'b', { mode: 0o600, keepMode: true })
  expect([(await stat(file)).mode & 0o7777, await readFile(file, 'utf8')]).toEqual([0o444, 'b'])
})

test('a link is followed, also one that leads nowhere yet; a circle is an error that says so', async () => {
  const dir = await temporaryDirectory()
  await mkdir(path.join(dir, 'far'))
  await symlink('far/target', path.join(dir, 'link'))
  await writeAtomically(path.join(dir, 'link'), 'x', { mode: 0o600 })
  expect((await lstat(path.join(dir, 'link'))).isSymbolicLink()).toBe(true)
  expect(await readFile(path.join(dir, 'far/target'), 'utf8')).toBe('x')
  await symlink('circle', path.join(dir, 'circle'))
  await expect(writeAtomically(path.join(dir, 'circle'), 'x', { mode: 0o600 })).rejects.toMatchObject({
    code: 'FILE_FAILED',
    message: expect.stringContaining('too many links'),
  })
})

test('directories get their mode whatever the umask is, and existing ones keep theirs', async () => {
  const dir = await temporaryDirectory()
  const host = localHost()
  await chmod(dir, 0o711)
  const before = process.umask(0o077)
  try {
    await host.writeFile(path.join(dir, 'a/b/file'), 'x', { mode: 0o644, directoryMode: 0o750 })
    await host.makeDirectory(path.join(dir, 'c/d'), 0o755)
  } finally {
    process.umask(before)
  }
  const modes = await Promise.all(
    ['', 'a', 'a/b', 'a/b/file', 'c', 'c/d'].map(async (name) => (await stat(path.join(dir, name))).mode & 0o7777),
  )
  expect(modes).toEqual([0o711, 0o750, 0o750, 0o644, 0o755, 0o755])
})

test('many writes of one name at once: one of them stays, whole, and nothing else', async () => {
  const dir = await temporaryDirectory()
  const contents = Array.from({ length: 20 }, (_, index) => String(index).repeat(10_000))
  await Promise.all(contents.map((content) => writeAtomically(path.join(dir, 'file'), content, { mode: 0o600 })))
  expect(await readdir(dir)).toEqual(['file'])
  expect(contents).toContain(await readFile(path.join(dir, 'file'), 'utf8'))
})

test('what the system refuses becomes FILE_FAILED with the path', async () => {
  const dir = await temporaryDirectory()
  const host = localHost()
  await writeFile(path.join(dir, 'plain'), '')
  await expect(host.writeFile(dir, 'x', { mode: 0o600 })).rejects.toMatchObject({ code: 'FILE_FAILED' })
  await expect(host.writeFile(path.join(dir, 'plain/below'), 'x', { mode: 0o600 })).rejects.toMatchObject({
    code: 'FILE_FAILED',
    message: expect.stringContaining('plain/below'),
  })
  await expect(host.readFile(dir)).rejects.toMatchObject({ code: 'FILE_FAILED', message: `cannot read "${dir}": it is a directory` })
  expect(await host.readFile(path.join(dir, 'plain/below'))).toBeUndefined()
  expect(await readdir(dir)).toEqual(['plain'])
})

test('files are removed, directories only when nothing is in them, owners change, appends add up', async () => {
  const dir = await temporaryDirectory()
  const host = localHost()
  const log = path.join(dir, 'log/file')
  await host.appendFile(log, 'one\n', 0o600)
  await host.appendFile(log, 'two\n', 0o600)
  expect(await host.readText(log)).toBe('one\ntwo\n')
  expect([(await host.stat(log))?.mode, (await host.stat(path.dirname(log)))?.mode]).toEqual([0o600, 0o700])
  await host.changeOwner(log, { uid: 7, gid: 8 })
  expect((await host.stat(log))?.owner).toEqual({ uid: 7, gid: 8 })
  await host.removeDirectory(path.dirname(log))
  await host.removeFile(log)
  await host.removeFile(log)
  expect(await host.list(path.dirname(log))).toEqual([])
  await host.removeDirectory(path.dirname(log))
  expect(await host.stat(path.dirname(log))).toBeUndefined()
  await chown(dir, 0, 0)
})

test('what is written, added or removed is on the disk before that is told: the file, then its folder', async () => {
  const dir = await temporaryDirectory()
  const host = localHost()
  const synced: string[] = []
  const handle = await open(dir)
  const files = Object.getPrototypeOf(handle) as FileHandle
  await handle.close()
  const { sync } = files
  const spy = vi.spyOn(files, 'sync').mockImplementation(function note(this: FileHandle) {
    synced.push(
      readlinkSync(`/proc/self/fd/${this.fd}`)
        .replace(dir, '')
        .replace(/kadm-\S+/, 'kadm'),
    )
    return sync.call(this)
  })
  onTestFinished(() => spy.mockRestore())
  const during = async (work: Promise<void>): Promise<readonly string[]> => {
    await work
    return synced.splice(0)
  }
  const [file, journal] = [path.join(dir, 'sub/file'), path.join(dir, 'log/journal')]
  expect(await during(host.writeFile(file, 'x', { mode: 0o600 }))).toEqual(['', '/sub/.file.kadm', '/sub'])
  expect(await during(host.appendFile(journal, 'x', 0o600))).toEqual(['', '/log/journal', '/log'])
  expect(await during(host.appendFile(journal, 'x', 0o600))).toEqual(['/log/journal'])
  expect(await during(host.removeFile(file))).toEqual(['/sub'])
  expect(await during(host.removeDirectory(path.dirname(file)))).toEqual([''])
})

/**
 * Kills a process that writes AAA..., BBB..., CCC... by turns; what the file holds after each kill, and how often a temporary file
 * was left.
 */
async function killWriters(kills: number, lane: number): Promise<{ letters: string[]; leftovers: number; looks: number }> {
  const dir = await temporaryDirectory()
  const file = path.join(dir, 'key')
  await writeFile(file, 'old'.padEnd(size, '.'), { mode: 0o600 })
  const letters: string[] = []
  let leftovers = 0
  let looks = 0
  for (let index = 0; index < kills; index++) {
    const child = startWriter(file)
    await once(child.stdout ?? child, 'data')
    const end = performance.now() + ((index * 7 + lane) % 20)
    for (; performance.now() < end; looks++) for (const name of readdirSync(dir)) expect(modeOf(path.join(dir, name)) & 0o077, name).toBe(0)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const content = readFileSync(file, 'utf8')
    expect(content).toHaveLength(size)
    expect(content, 'a half').toMatch(/^(?:old\.+|(.)\1+)$/)
    const names = readdirSync(dir)
    for (const name of names) expect(modeOf(path.join(dir, name)), name).toBe(0o600)
    // The writer of this turn removed what those before it had left.
    expect(names.length).toBeLessThanOrEqual(2)
    leftovers += names.length - 1
    letters.push(content.charAt(0))
  }
  return { letters, leftovers, looks }
}

const size = 200_000

function startWriter(file: string): ChildProcess {
  const module = pathToFileURL(path.resolve(import.meta.dirname, '../../src/host/atomic-write.ts')).href
  const script = `
    process.umask(0)
    const { writeAtomically } = await import(${JSON.stringify(module)})
    await writeAtomically(${JSON.stringify(file)}, 'Z'.repeat(${size}), { mode: 0o600 })
    process.stdout.write('ready')
    for (let turn = 0; ; turn++) await writeAtomically(${JSON.stringify(file)}, 'ABCDEFGH'.charAt(turn % 8).repeat(${size}), { mode: 0o600 })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => void child.kill('SIGKILL')) // also when an expectation fails before the kill
  return child
}

/** 0o600 for a name that is gone again: it was renamed between the two looks. */
function modeOf(file: string): number {
  return (lstatSync(file, { throwIfNoEntry: false })?.mode ?? 0o600) & 0o7777
}
