import fc from 'fast-check'
import { expect, test } from 'vitest'
import { markedStream } from '../../src/host/ssh/marked-stream.ts'

const answers = fc.array(fc.record({ content: fc.uint8Array({ maxLength: 60 }), code: fc.integer({ min: 0, max: 255 }) }), {
  minLength: 1,
  maxLength: 6,
})

test('answers come back byte for byte with their codes, wherever the chunks begin and end', async () => {
  await fc.assert(
    fc.asyncProperty(answers, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }), async (sent, lengths) => {
      const stream = markedStream()
      const marks = sent.map((_, index) => `k0123456789abcdef-${index + 1}`)
      const received = Promise.all(marks.map((mark) => stream.until(mark)))
      // The content may look like the mark of another answer, or nearly like its own.
      const bytes = Buffer.concat(
        sent.flatMap(({ content, code }, index) => [
          Buffer.from(content),
          Buffer.from(`\nk0123456789abcdef-\n\n${marks[index]} ${code}\n`),
        ]),
      )
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const length = lengths[turn % lengths.length] ?? 1
        stream.take(bytes.subarray(at, at + length))
        at += length
      }
      expect((await received).map(({ content, code }) => ({ content: content.toString('hex'), code }))).toEqual(
        sent.map(({ content, code }) => ({
          content: Buffer.concat([Buffer.from(content), Buffer.from('\nk0123456789abcdef-\n')]).toString('hex'),
          code,
        })),
      )
      expect(stream.size()).toBe(0)
    }),
  )
})

test('what comes while nobody waits is let go; what has come of an answer is held', async () => {
  const stream = markedStream()
  stream.take(Buffer.from('a daemon talks'))
  expect(stream.size()).toBe(0)
  const answer = stream.until('m-1')
  stream.take(Buffer.from('half'))
  expect([stream.size(), stream.held().toString()]).toEqual([4, 'half'])
  stream.take(Buffer.from('\nm-1 7\nlate'))
  expect(await answer).toEqual({ content: Buffer.from('half'), code: 7 })
  expect(stream.size()).toBe(0)
})
