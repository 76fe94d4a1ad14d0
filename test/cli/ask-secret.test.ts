/** What is typed at a terminal that is made up: one line for one question, and Ctrl-C. */
import { PassThrough } from 'node:stream'
import { expect, onTestFinished, test, vi } from 'vitest'
import { askSecret } from '../../src/cli/ask-secret.ts'

test('hosts that ask at once do so in turn: what is typed for one does not get to another', async () => {
  const { io, shown, type } = terminal()
  const { signal } = new AbortController()
  const answers = Promise.all([askSecret(io, 'admin: ', signal), askSecret(io, 'ubuntu: ', signal)])
  await vi.waitUntil(() => shown() === 'admin: ')
  type('one\n')
  await vi.waitUntil(() => shown() === 'admin: \nubuntu: ')
  type('two\n')
  expect(await answers).toEqual(['one', 'two'])
  expect(shown()).not.toMatch(/one|two/)
})

test('Ctrl-C stops the command, and not the question alone', async () => {
  const { io, shown, type } = terminal()
  const stop = new AbortController()
  const reason = new Error('stopped by SIGINT')
  const onSignal = (): void => stop.abort(reason)
  process.once('SIGINT', onSignal)
  onTestFinished(() => void process.off('SIGINT', onSignal))
  const asked = askSecret(io, 'admin: ', stop.signal)
  const next = askSecret(io, 'ubuntu: ', stop.signal)
  await vi.waitUntil(() => shown() === 'admin: ')
  type('\u0003')
  await expect(asked).rejects.toBe(reason)
  await expect(next).rejects.toBe(reason)
  expect(shown()).toBe('admin: \n')
})

test('where there is no terminal nobody is asked', async () => {
  const { io, shown } = terminal(false)
  expect(await askSecret(io, 'admin: ', new AbortController().signal)).toBeUndefined()
  expect(shown()).toBe('')
})

function terminal(isTTY = true): {
  readonly io: Parameters<typeof askSecret>[0]
  readonly shown: () => string
  readonly type: (text: string) => void
} {
  const stdin = Object.assign(new PassThrough(), { isTTY, setRawMode: () => stdin })
  const texts: string[] = []
  const stderr = { write: (text: string) => texts.push(text) > 0 }
  return { io: { stdin, stderr } as never, shown: () => texts.join(''), type: (text) => void stdin.write(text) }
}
