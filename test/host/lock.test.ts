import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { lockFile, lockSharedFile } from '../../src/host/local-lock.ts'
import { startTimeIn, takeLock, type LockPlace } from '../../src/host/lock.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('a second one is told who works here and since when; after the first is done it may', async () => {
  const dir = await temporaryDirectory()
  const file = path.join(dir, 'kadm.lock')
  const giveBack = await lockFile(file, 'kadm init')
  await expect(lockFile(file, 'kadm join')).rejects.toMatchObject({
    code: 'RUN_IN_PROGRESS',
    message: expect.stringMatching(new RegExp(`^"kadm init" \\(pid ${process.pid}\\) has been working on this host since 20\\d\\d-`)),
  })
  await giveBack()
  await (
    await lockFile(file, 'kadm join')
  )()
  expect(await readdir(dir)).toEqual([])
})

test('who has taken it from another machine is named; here the process can be looked at', async () => {
  const file = path.join(await temporaryDirectory(), 'kadm.lock')
  const startTime = startTimeIn(await readFile('/proc/self/stat', 'utf8'))
  const owner = { pid: process.pid, startTime, command: 'kadm init', since: 'now', line: 'f00', by: 'ann@desk' }
  await writeFile(file, JSON.stringify(owner))
  await expect(lockFile(file, 'kadm join')).rejects.toMatchObject({
    message: `"kadm init" of ann@desk (pid ${process.pid}) has been working on this host since now`,
    remedy: ['wait until it is done', `ps -o pid,lstart,args -p ${process.pid}`],
  })
})

test('a killed owner, a pid that was given out again and nonsense are no obstacles', async () => {
  const dir = await temporaryDirectory()
  const file = path.join(dir, 'kadm.lock')
  const child = startHolder(file)
  await once(child.stdout ?? child, 'data')
  await expect(lockFile(file, 'kadm join')).rejects.toMatchObject({ code: 'RUN_IN_PROGRESS' })
  child.kill('SIGKILL')
  await once(child, 'exit')
  await (
    await lockFile(file, 'kadm join')
  )()
  await writeFile(file, JSON.stringify({ pid: process.pid, startTime: '1', command: 'x', since: 'x' }))
  await (
    await lockFile(file, 'kadm join')
  )()
  await writeFile(file, 'nonsense')
  const giveBack = await lockFile(file, 'kadm join')
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ pid: process.pid, command: 'kadm join' })
  await giveBack()
  expect(await readdir(dir)).toEqual([])
})

test('on a full disk nothing is left of the attempt', async () => {
  const files = new Map<string, string>()
  const none = (): never => expect.unreachable()
  const place: LockPlace = {
    create: async (file) => {
      files.set(file, '')
      throw new Error('no space left on device')
    },
    remove: async (file) => void files.delete(file),
    link: none,
    read: none,
    inode: none,
    startTime: none,
  }
  await expect(takeLock(place, '/run/kadm.lock', { pid: 1, startTime: '1', command: 'kadm init' })).rejects.toThrow(
    'no space left on device',
  )
  expect([...files]).toEqual([])
})

test.each([
  { whose: 'another machine', at: '11111111-2222-3333-4444-555555555555 pid:[4026531836]' },
  { whose: 'an older kadm', at: undefined },
])('in a folder that is shared, $whose may be at work though no such process is here; what never changes is dead', async ({ at }) => {
  const file = path.join(await temporaryDirectory(), 'journal.lock')
  // Of a pid that is given to nobody.
  const owner = { pid: 2 ** 22 + 1, startTime: '1', at, command: 'kadm', since: 'now' }
  await writeFile(file, JSON.stringify(owner))
  const began = performance.now()
  const taking = lockSharedFile(file, 'kadm', 600)
  await sleep(300)
  // Given back, and taken once more.
  await writeFile(`${file}.other`, JSON.stringify({ ...owner, since: 'later' }))
  await rename(`${file}.other`, file)
  const giveBack = await taking
  expect(performance.now() - began).toBeGreaterThan(890)
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
    pid: process.pid,
    at: expect.stringMatching(/^[0-9a-f-]{36} pid:\[\d+\]$/),
  })
  await expect(lockSharedFile(file, 'kadm')).rejects.toMatchObject({ code: 'RUN_IN_PROGRESS' })
  await giveBack()
})

test('the same pid on another machine is another process', async () => {
  const file = path.join(await temporaryDirectory(), 'journal.lock')
  const startTime = startTimeIn(await readFile('/proc/self/stat', 'utf8'))
  await writeFile(file, JSON.stringify({ pid: process.pid, startTime, at: 'elsewhere', command: 'kadm', since: 'now' }))
  await (
    await lockSharedFile(file, 'kadm', 50)
  )()
})

test("somebody else's lock is not given back", async () => {
  const file = path.join(await temporaryDirectory(), 'kadm.lock')
  const giveBack = await lockFile(file, 'kadm join')
  // Beside it, then moved there: the inode of a file that was removed may be given to the next one.
  await writeFile(`${file}.other`, 'other')
  await rename(`${file}.other`, file)
  await giveBack()
  expect(await readFile(file, 'utf8')).toBe('other')
})

test('of many that find a dead owner at once, one gets the lock', async () => {
  for (let round = 0; round < 20; round++) {
    const file = path.join(await temporaryDirectory(), 'kadm.lock')
    await writeFile(file, JSON.stringify({ pid: 2 ** 22 + 1, startTime: '1', command: 'x', since: 'x' }))
    const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => lockFile(file, 'kadm init')))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'RUN_IN_PROGRESS' })
  }
})

function startHolder(file: string): ChildProcess {
  const module = pathToFileURL(path.resolve(import.meta.dirname, '../../src/host/local-lock.ts')).href
  const script = `
    const { lockFile } = await import(${JSON.stringify(module)})
    await lockFile(${JSON.stringify(file)}, 'kadm init').then(() => { process.stdout.write('held'); setTimeout(() => {}, 60_000) }, (error) => process.stdout.write(error.code ?? error.message))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}
