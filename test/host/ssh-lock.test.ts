/** How the lock of a host behind SSH is kept: what a far end answers is made up. On real ones: test/e2e/ssh-host.test.ts. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { sshLock } from '../../src/host/ssh/ssh-lock.ts'
import type { Ask } from '../../src/host/ssh/ssh-shells.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const betweenBeats = 20_000
const ann = { name: 'admin@h1', operator: 'ann@desk' }

/** A far end where the holder has this pid, and `beat` says with what code a beat ends. */
function farEnd(pid: number, beat: () => number | Promise<number>): { readonly ask: Ask; readonly asked: string[] } {
  const asked: string[] = []
  const ask: Ask = async (lines) => {
    asked.push(lines)
    const answers = { k_hold: `${pid}\n`, [`k_read /proc/${pid}/stat`]: `${pid} (sh) S ${'0 '.repeat(18)}4242` }
    const stdout = lines.startsWith('stat ') ? '77\n' : (answers[lines] ?? '')
    return { code: lines.startsWith('k_beat') ? await beat() : 0, stdout: Buffer.from(stdout), stderr: '' }
  }
  return { ask, asked }
}

test('a beat that nobody hears drops the line; one that is heard or does not get there does not', async () => {
  const dropLine = vi.fn<() => void>()
  const answers = [0, 'broken', 1] as const
  let beats = 0
  const { ask, asked } = farEnd(4711, () => {
    const answer = answers[beats++] ?? 0
    if (answer === 'broken') throw new Error('the connection broke')
    return answer
  })
  const giveBack = await sshLock(ann, dropLine).take(ask, 'kadm one')
  for (const dropped of [0, 0, 1, 1]) {
    await vi.advanceTimersByTimeAsync(betweenBeats)
    expect(dropLine).toHaveBeenCalledTimes(dropped)
  }
  expect(asked.filter((lines) => lines.startsWith('k_beat'))).toEqual(Array.from({ length: 4 }, () => 'k_beat 4711'))
  await giveBack()
  await vi.advanceTimersByTimeAsync(5 * betweenBeats)
  expect(beats).toBe(4)
})

test('after the machine has slept the line is dropped before anything else is asked', async () => {
  const dropLine = vi.fn<() => void>()
  const { ask } = farEnd(4711, () => 0)
  const lock = sshLock(ann, dropLine)
  const sleeps = (time: number): void => void vi.setSystemTime(Date.now() + time)
  sleeps(600_000)
  lock.wake()
  expect(dropLine).not.toHaveBeenCalled()
  const giveBack = await lock.take(ask, 'kadm one')
  await vi.advanceTimersByTimeAsync(betweenBeats + 1)
  sleeps(45_000)
  lock.wake()
  expect(dropLine).not.toHaveBeenCalled()
  // Timers stood still.
  sleeps(10_000)
  lock.wake()
  lock.wake()
  expect(dropLine).toHaveBeenCalledTimes(1)
  await giveBack()
  sleeps(600_000)
  lock.wake()
  expect(dropLine).toHaveBeenCalledTimes(1)
})

test.for([
  { ln: 'GNU', stderr: 'ln: File exists' },
  { ln: 'uutils', stderr: "ln: failed to create hard link '/run/kadm.lock'" },
])('who takes it is named in it; who comes second is told, and where to look: ln of $ln', async ({ stderr }) => {
  const { ask, asked } = farEnd(4711, () => 0)
  await (
    await sshLock(ann, () => {}).take(ask, 'kadm one')
  )()
  const owner = asked.flatMap((lines) => /\{.*\}/.exec(lines) ?? [])[0] ?? ''
  expect(JSON.parse(owner)).toMatchObject({ pid: 4711, command: 'kadm one', by: 'ann@desk' })
  const taken: Ask = async (lines) => {
    if (lines.startsWith('ln ')) return { code: 1, stdout: Buffer.from(''), stderr }
    return lines === 'k_read /run/kadm.lock' ? { code: 0, stdout: Buffer.from(owner), stderr: '' } : ask(lines)
  }
  await expect(sshLock({ name: 'admin@h1', operator: 'bob@lab' }, () => {}).take(taken, 'kadm two')).rejects.toMatchObject({
    message: expect.stringMatching(/^"kadm one" of ann@desk \(pid 4711\) has been working on this host since 20/),
    remedy: ['wait until it is done', 'ps -o pid,lstart,args -p 4711   # on admin@h1'],
  })
})

test.for<readonly [string, (lock: ReturnType<typeof sshLock>, giveBack: () => Promise<void>) => Promise<void>]>([
  ['given back', (_, giveBack) => giveBack()],
  ['taken again on the next line', (lock) => lock.renew(farEnd(4712, () => 0).ask)],
])('a lock that was %s before the answer came drops no line', async ([, meanwhile]) => {
  const dropLine = vi.fn<() => void>()
  const answer = Promise.withResolvers<number>()
  const lock = sshLock(ann, dropLine)
  const giveBack = await lock.take(farEnd(4711, () => answer.promise).ask, 'kadm one')
  await vi.advanceTimersByTimeAsync(betweenBeats)
  await meanwhile(lock, giveBack)
  answer.resolve(1)
  await vi.advanceTimersByTimeAsync(0)
  expect(dropLine).not.toHaveBeenCalled()
})
