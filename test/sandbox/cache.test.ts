import { spawn } from 'node:child_process'
import { readdir, readFile, readlink, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { cacheDirectory, contentHash, ensureEntry } from '../../src/sandbox/cache.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const making = { say: () => undefined }
const entry = { kind: 'images', name: 'v1', hash: 'abc' } as const

test('the cache lies where the environment says', () => {
  expect(cacheDirectory({ KADM_CACHE: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a')
  expect(cacheDirectory({ KADM_CACHE: '', XDG_CACHE_HOME: '/b' })).toBe('/b/kadm')
  // The XDG base directory specification: a relative path is to be ignored.
  expect(cacheDirectory({ XDG_CACHE_HOME: 'b' })).toMatch(/^\/.*\/\.cache\/kadm$/)
})

test('parts that run together differ in their hash', () => {
  expect(contentHash(['ab', 'c'])).not.toBe(contentHash(['a', 'bc']))
  expect(contentHash(['ab', 'c'])).toBe(contentHash([Buffer.from('ab'), 'c']))
})

test('an entry is made once, and its link goes over to the one of another content', async () => {
  const root = await temporaryDirectory()
  let made = 0
  const make = async (into: string): Promise<void> => writeFile(path.join(into, 'file'), `made ${(made += 1)}`)
  const first = await ensureEntry({ ...entry, make }, making, root)
  expect(await ensureEntry({ ...entry, make }, making, root)).toBe(first)
  expect([made, await readFile(path.join(root, 'images/v1/file'), 'utf8')]).toEqual([1, 'made 1'])
  const second = await ensureEntry({ ...entry, hash: 'def', make }, making, root)
  expect(await readlink(path.join(root, 'images/v1'))).toBe(path.basename(second))
  expect(await readFile(path.join(first, 'file'), 'utf8')).toBe('made 1')
  expect((await stat(first)).mode & 0o777).toBe(0o755)
})

test('an entry that nobody has asked for in thirty days goes when another of its name is made', async () => {
  const root = await temporaryDirectory()
  const make = async (): Promise<void> => undefined
  const [old, recent] = [
    await ensureEntry({ ...entry, hash: '0123456789aa', make }, making, root),
    await ensureEntry({ ...entry, hash: '0123456789bb', make }, making, root),
  ]
  const longAgo = new Date(Date.now() - 31 * 24 * 3_600_000)
  await utimes(old, longAgo, longAgo)
  const newest = await ensureEntry({ ...entry, hash: '0123456789cc', make }, making, root)
  expect((await readdir(path.join(root, 'images'))).filter((name) => name.startsWith('v1-'))).toEqual(
    [recent, newest].map((one) => path.basename(one)),
  )
  await ensureEntry({ ...entry, hash: '0123456789bb', make }, making, root)
  expect(await readlink(path.join(root, 'images/v1'))).toBe(path.basename(recent))
})

test('when making fails nothing is left and the next one may try', async () => {
  const root = await temporaryDirectory()
  const fails = ensureEntry(
    { ...entry, make: async (into) => (await writeFile(path.join(into, 'half'), ''), Promise.reject(new Error('no room'))) },
    making,
    root,
  )
  await expect(fails).rejects.toThrow('no room')
  expect((await readdir(path.join(root, 'images'))).filter((name) => !name.endsWith('.lock'))).toEqual([])
  await ensureEntry({ ...entry, make: async () => undefined }, making, root)
})

// Another process that makes the same entry: says "making", and goes on when its input ends.
const other = `
import { writeFileSync, appendFileSync } from 'node:fs'
const { ensureEntry } = await import(process.argv[1])
const make = async (into) => {
  appendFileSync(process.argv[2] + '/log', 'x')
  writeFileSync(into + '/who', 'other')
  console.log('making')
  await new Promise((resolve) => process.stdin.on('end', resolve).resume())
}
await ensureEntry({ kind: 'images', name: 'v1', hash: 'abc', make }, { say: () => undefined }, process.argv[2])
console.log('done')
`

async function startOther(root: string) {
  const module = fileURLToPath(new URL('../../src/sandbox/cache.ts', import.meta.url))
  const child = spawn(process.execPath, ['--input-type=module', '-e', other, module, root], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()))
  return { child, ended }
}

test('of two processes one makes it; the other waits, says so and takes what was made', async () => {
  const root = await temporaryDirectory()
  const { child, ended } = await startOther(root)
  const said: string[] = []
  const mine = ensureEntry({ ...entry, make: (into) => writeFile(path.join(into, 'who'), 'me') }, { say: (line) => said.push(line) }, root)
  await expect.poll(() => said).toEqual(['another kadm is making images v1: waiting for it'])
  expect(await readdir(path.join(root, 'images'))).not.toContain('v1-abc') // never there in part
  child.stdin.end()
  expect(await readFile(path.join(await mine, 'who'), 'utf8')).toBe('other')
  await ended
  expect(await readFile(path.join(root, 'log'), 'utf8')).toBe('x')
})

test('a maker that is killed leaves no lock, and its half is taken away', async () => {
  const root = await temporaryDirectory()
  const { child, ended } = await startOther(root)
  const halves = async (): Promise<readonly string[]> => (await readdir(path.join(root, 'images'))).filter((name) => name.includes('.new-'))
  expect(await halves()).toHaveLength(1)
  child.kill('SIGKILL')
  await ended
  const mine = await ensureEntry({ ...entry, make: (into) => writeFile(path.join(into, 'who'), 'me') }, making, root)
  expect([await readFile(path.join(mine, 'who'), 'utf8'), await halves()]).toEqual(['me', []])
})

test('waiting for another process can be stopped', async () => {
  const root = await temporaryDirectory()
  const { child, ended } = await startOther(root)
  const stop = new AbortController()
  const mine = ensureEntry(
    { ...entry, make: () => Promise.reject(new Error('must not be asked')) },
    { ...making, signal: stop.signal },
    root,
  )
  await sleep(100)
  stop.abort(new Error('the user said so'))
  await expect(mine).rejects.toThrow('the user said so')
  child.stdin.end()
  await ended
})
