import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmod, chown, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { packageKadm } from '../../tools/package.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const hasTools =
  ['go', 'patchelf', 'strip', 'ldd'].every((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0) && process.getuid?.() === 0
const inCi = process.env['CI'] === 'true'
const packaged = test.skipIf(!hasTools && !inCi)

let into = ''
let kadm: Awaited<ReturnType<typeof packageKadm>>
let another: typeof kadm
const options = () => ({ entry: fileURLToPath(new URL('packaged-entry.ts', import.meta.url)), into })

beforeAll(async () => {
  if (!hasTools && !inCi) return
  into = await mkdtemp(path.join(tmpdir(), 'kadm-package-'))
  const [one, two] = await Promise.all([packageKadm(options()), packageKadm(options())])
  kadm = one
  another = two
})
afterAll(() => rm(into, { recursive: true, force: true }))

/** A root that has `kadm`, the C library's own files and nothing else: no shell, no libstdc++. */
async function bareRoot(): Promise<string> {
  const root = await temporaryDirectory()
  await chmod(root, 0o755)
  const libraries = execFileSync('ldd', [path.join(kadm.extracted, 'node')], { encoding: 'utf8' }).matchAll(
    /(\/\S*\/((?:libc|libm|libdl|libpthread|ld-linux[\w-]*)\.so\.\d))/g,
  )
  for (const [file] of libraries) {
    await mkdir(path.join(root, path.dirname(file)), { recursive: true })
    await copyFile(file, path.join(root, file))
  }
  for (const folder of ['usr/bin', 'proc', 'dev', 'tmp', 'home']) await mkdir(path.join(root, folder), { recursive: true })
  await chmod(path.join(root, 'home'), 0o777)
  await copyFile(kadm.file, path.join(root, 'usr/bin/kadm'))
  return root
}

const script = 'mount -t proc proc "$1/proc"; mount -t tmpfs -o mode=755 tmpfs "$1/dev"; mknod -m 666 "$1/dev/null" c 1 3; shift; exec "$@"'
const enter = (root: string, uid: number): readonly string[] => [
  '--mount',
  'sh',
  '-ec',
  script,
  'sh',
  root,
  'chroot',
  `--userspec=${uid}:${uid}`,
  root,
  '/usr/bin/kadm',
]
const environment = { HOME: '/home', PATH: '/usr/bin' }

function start(root: string, argv: readonly string[], uid = 0): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('unshare', [...enter(root, uid), ...argv], { encoding: 'utf8', env: { ...environment, PATH: process.env['PATH'] } })
}

packaged('two that package at once make one and both have it', async () => {
  expect(another).toEqual(kadm)
  expect(await readdir(path.join(into, 'payload'))).toEqual([kadm.hash])
  expect((await readdir(into)).toSorted()).toEqual(['.package.lock', 'kadm', 'kadm.stamp', 'payload'])
})

packaged('it runs where there is nothing but libc, and starts itself', async () => {
  const root = await bareRoot()
  expect(start(root, ['version'])).toMatchObject({ status: 0, stderr: '', stdout: 'v0.0.0\n' })
  expect(start(root, ['fail']).status).toBe(3)
  expect(start(root, ['again'])).toMatchObject({ status: 0, stdout: 'v0.0.0\n' })
  const how = JSON.parse(start(root, ['how', 'two words', '--', '-e']).stdout)
  expect(how).toMatchObject({
    argv: ['how', 'two words', '--', '-e'],
    execPath: `/var/cache/kadm/${kadm.hash}/node`,
    environment: { KADM_EXECUTABLE: '/usr/bin/kadm' },
  })
  // Nothing that programs started by kadm would inherit.
  expect(Object.keys(how.environment).filter((name) => /^(LD_|NODE_)/.test(name))).toEqual([])
})

packaged('it asks for no newer glibc than Node itself does', () => {
  const files = ['node', 'lib/libstdc++.so.6', 'lib/libgcc_s.so.1', 'lib/libatomic.so.1']
  const needs = files.flatMap(
    (file) =>
      execFileSync('readelf', ['-V', path.join(kadm.extracted, file)], { encoding: 'utf8', maxBuffer: 1 << 28 }).match(/GLIBC_2\.\d+/g) ??
      [],
  )
  const minors = needs.map((need) => Number(need.slice('GLIBC_2.'.length)))
  expect(minors.length).toBeGreaterThan(4)
  expect(Math.max(...minors)).toBeLessThanOrEqual(28)
})

packaged('all packages work from the bundle', async () => {
  const root = await bareRoot()
  expect(start(root, ['packages'])).toMatchObject({ stderr: '', stdout: 'yargs listr2 ssh2 node-forge jose js-yaml' })
})

packaged('first starts at the same time leave one whole folder, the same as the packaged one; later starts leave it as it is', async () => {
  const root = await bareRoot()
  const codes = await Promise.all(
    [1, 2, 3].map(
      () =>
        new Promise((resolve) =>
          spawn('unshare', [...enter(root, 0), 'version'], { env: { ...environment, PATH: process.env['PATH'] } }).on('close', resolve),
        ),
    ),
  )
  expect(codes).toEqual([0, 0, 0])
  const cache = path.join(root, 'var/cache/kadm')
  expect(await readdir(cache)).toEqual([kadm.hash])
  expect(execFileSync('diff', ['-rq', path.join(cache, kadm.hash), kadm.extracted], { encoding: 'utf8' })).toBe('')
  const before = (await stat(path.join(cache, kadm.hash, 'node'))).ino
  start(root, ['version'])
  expect((await stat(path.join(cache, kadm.hash, 'node'))).ino).toBe(before)
})

packaged('a folder that was laid out before is taken, but not one that others may write to or own', async () => {
  const root = await bareRoot()
  const folder = path.join(root, 'var/cache/kadm', kadm.hash)
  await mkdir(path.dirname(folder), { recursive: true })
  await cp(kadm.extracted, folder, { recursive: true })
  await writeFile(path.join(folder, 'start.mjs'), 'console.log("as laid out")')
  expect(start(root, ['version']).stdout).toBe('as laid out\n')
  const refused = { status: 1, stdout: '', stderr: expect.stringContaining(`try: rm -r /var/cache/kadm/${kadm.hash}\n`) }
  await chmod(folder, 0o777)
  expect(start(root, ['version'])).toMatchObject(refused)
  await chmod(folder, 0o755)
  await chown(folder, 1234, 1234)
  expect(start(root, ['version'])).toMatchObject(refused)
})

packaged('who is not root uses what root laid out, else a folder of their own', async () => {
  const root = await bareRoot()
  const execPath = (): string => JSON.parse(start(root, ['how'], 1234).stdout).execPath
  expect(execPath()).toBe(`/home/.cache/kadm/program/${kadm.hash}/node`)
  start(root, ['version'])
  expect(execPath()).toBe(`/var/cache/kadm/${kadm.hash}/node`)
})

packaged('it is made again only when a source changed', async () => {
  const before = (await stat(kadm.file)).mtimeMs
  expect(await packageKadm(options())).toEqual(kadm)
  expect((await stat(kadm.file)).mtimeMs).toBe(before)
  expect((await readFile(path.join(into, 'kadm.stamp'), 'utf8')).trim()).toMatch(new RegExp(`^[0-9a-f]{12} ${kadm.hash}$`))
})
