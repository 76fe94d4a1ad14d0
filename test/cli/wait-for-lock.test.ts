/** What `--wait-lock` makes of work that finds another kadm. */
import { PassThrough, Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { waitingForLock } from '../../src/cli/wait-for-lock.ts'
import { KadmError } from '../../src/errors.ts'

const busy = (who: string): KadmError => new KadmError('RUN_IN_PROGRESS', `${who} is working on this cluster`, { remedy: ['wait'] })

test('the work is done again from its beginning until nobody else is at work, and each that is waited for is told once', async () => {
  const { outcome, told, lefts } = await waited('5m', [busy('ann'), busy('ann'), undefined])
  expect(outcome).toBeUndefined()
  expect(told).toMatch(/^ann is working on this cluster: waiting for it, up to (?:5m0s|4m59s) \(--wait-lock\)\n$/)
  expect(lefts).toHaveLength(3)
  for (const left of lefts) expect(left).toBeGreaterThan(290_000)
  expect((await waited('5m', [busy('ann'), busy('bob'), undefined])).told.match(/^\w+/gm)).toEqual(['ann', 'bob'])
})

test('the wait ends by its limit, after a last try; the work knows how long it may wait itself', async () => {
  const error = busy('ann')
  const began = performance.now()
  const { outcome, lefts } = await waited(
    '400ms',
    Array.from({ length: 20 }, () => error),
  )
  expect(outcome).toBe(error)
  expect(performance.now() - began).toBeGreaterThanOrEqual(395)
  expect(lefts.length).toBeGreaterThanOrEqual(3)
  // A timer may end some hundredths of a millisecond early.
  expect(lefts.at(-1)).toBeLessThan(1)
  for (const left of lefts) expect(left).toBeLessThanOrEqual(400)
  expect(await waited('0', [error, undefined])).toEqual({ outcome: error, told: '', lefts: [0] })
})

test('what else the work fails with is not waited for, nor is a wait that nobody understands', async () => {
  const other = new KadmError('HOST_UNREACHABLE', 'no route', { remedy: ['look'] })
  expect(await waited('5m', [other, undefined])).toMatchObject({ outcome: other, told: '', lefts: [expect.any(Number)] })
  for (const text of ['soon', '-1s']) expect(await waited(text, [undefined])).toMatchObject({ outcome: { code: 'USAGE' }, lefts: [] })
})

test('a stop ends the wait', async () => {
  const stop = new AbortController()
  const waiting = waited('5m', [busy('ann'), undefined], stop.signal)
  stop.abort(new Error('Ctrl-C'))
  expect(await waiting).toMatchObject({ outcome: { message: 'Ctrl-C' }, lefts: [expect.any(Number)] })
})

/** @param ends how the work ends, time after time; `undefined`: it is done */
async function waited(
  wait: string,
  ends: readonly (Error | undefined)[],
  signal = new AbortController().signal,
): Promise<{ readonly outcome: unknown; readonly told: string; readonly lefts: readonly number[] }> {
  const lefts: number[] = []
  const stderr = new PassThrough({ encoding: 'utf8' })
  const flags = { text: () => wait, isOn: () => false, list: () => [], given: new Set<string>() }
  const io = { stdin: Readable.from([]), stdout: new PassThrough(), stderr, environment: {} }
  const outcome = await waitingForLock({ flags, arguments: [], rest: [], io, signal }, async (left) => {
    const error = ends[lefts.length]
    lefts.push(left)
    if (error !== undefined) throw error
  }).catch((error: unknown) => error)
  return { outcome, told: String(stderr.read() ?? ''), lefts }
}
