import { expect, test } from 'vitest'
import { ApiError } from '../../src/cluster/api-error.ts'
import { retryUntil } from '../../src/cluster/wait.ts'
import type { Clock } from '../../src/host/wait.ts'

/** Time that moves only when somebody sleeps the shortest of all sleeps. */
function fakeClock(): Clock & { readonly pauses: number[] } {
  let now = 1_000_000
  const pauses: number[] = []
  return {
    pauses,
    now: () => now,
    sleep: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
        // A try that answers at once is faster than any pause.
        setImmediate(() => {
          if (signal?.aborted) return
          pauses.push(milliseconds)
          now += milliseconds
          resolve()
        })
      }),
  }
}

test('pauses grow from 20 ms to 500 ms, and the error names what was waited for, since when and the last failure', async () => {
  const clock = fakeClock()
  let tries = 0
  const waiting = retryUntil(() => Promise.reject(new Error(`try ${++tries}`)), { timeout: 5000, describe: 'the moon', clock })
  const error = await waiting.catch((thrown: unknown) => thrown)
  expect(tries).toBeGreaterThan(10)
  expect(error).toMatchObject({
    code: 'COMPONENT_NOT_HEALTHY',
    message: expect.stringMatching(
      new RegExp(`^waited 5 s for the moon \\(since ${new Date().toISOString().slice(0, 10)}T\\d\\d:\\d\\d:\\d\\dZ\\): try ${tries}$`),
    ),
  })
  expect(clock.pauses.slice(0, 3)).toEqual([20, 30, 45])
  expect(Math.max(...clock.pauses)).toBe(500)
  expect(clock.pauses.reduce((sum, pause) => sum + pause)).toBe(5000)
})

test('a try that hangs does not outlive the deadline, and the failure before it is told', async () => {
  let tries = 0
  const attempt = () =>
    tries++ === 0
      ? Promise.reject(new ApiError('get Node x', { status: 503, reason: '', message: 'not ready' }))
      : new Promise<never>(() => undefined)
  const waiting = retryUntil(attempt, { timeout: 5000, describe: 'the moon', clock: fakeClock() })
  await expect(waiting).rejects.toMatchObject({ code: 'API_REFUSED', message: expect.stringContaining('refused to get Node x: not ready') })
})

test('it ends with the first success, with a failure that will not pass, and with the signal', async () => {
  let tries = 0
  expect(
    await retryUntil(() => (++tries < 4 ? Promise.reject(new Error('no')) : Promise.resolve(tries)), { timeout: 5000, describe: 'x' }),
  ).toBe(4)
  const final = new Error('never')
  await expect(retryUntil(() => Promise.reject(final), { timeout: 5000, describe: 'x', giveUp: (error) => error === final })).rejects.toBe(
    final,
  )
  const controller = new AbortController()
  const reason = new Error('enough')
  setTimeout(() => controller.abort(reason), 30)
  await expect(retryUntil(() => new Promise(() => undefined), { timeout: 60_000, describe: 'x', signal: controller.signal })).rejects.toBe(
    reason,
  )
})
