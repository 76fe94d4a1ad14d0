/** Differences beside GNU diff and patch: what is printed turns the one text into the other, and is as short as diff's. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { unifiedDiff } from '../../src/manifests/line-diff.ts'

const run = promisify(execFile)

test('equal texts have no difference', () => {
  expect(unifiedDiff('a\nb\n', 'a\nb\n', { from: 'x', to: 'y', context: 3 })).toBe('')
})

test('one changed line, with and without what is around it', () => {
  const text = unifiedDiff('1\n2\n3\n4\n5\n', '1\n2\nx\n4\n5\n', { from: 'x', to: 'y', context: 1 })
  expect(text).toBe('--- x\n+++ y\n@@ -2,3 +2,3 @@\n 2\n-3\n+x\n 4\n')
  expect(unifiedDiff('1\n2\n3\n', '1\nx\n3\n', { from: 'x', to: 'y', context: 0 })).toBe('--- x\n+++ y\n@@ -2 +2 @@\n-2\n+x\n')
})

test('patch makes the one text of the other; diff -d needs as many lines', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'kadm-diff-'))
  const file = (name: string): string => path.join(dir, name)
  const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 }).map((lines) => lines.map((line) => `${line}\n`).join(''))
  try {
    await fc.assert(
      fc.asyncProperty(text, text, fc.integer({ min: 0, max: 4 }), async (before, after, context) => {
        const difference = unifiedDiff(before, after, { from: 'before', to: 'after', context })
        await Promise.all([writeFile(file('before'), before), writeFile(file('after'), after), writeFile(file('difference'), difference)])
        if (difference !== '') await run('patch', ['-s', '-o', file('result'), file('before'), file('difference')])
        expect(difference === '' ? before : await readFile(file('result'), 'utf8')).toBe(after)
        const theirs = await run('diff', ['-d', '-U', String(context), file('before'), file('after')]).then(
          () => '',
          ({ stdout }: { stdout: string }) => stdout,
        )
        expect(changed(difference)).toBe(changed(theirs))
      }),
      { numRuns: 60 },
    )
  } finally {
    await rm(dir, { recursive: true })
  }
})

function changed(text: string): number {
  return text.split('\n').filter((line) => /^[-+][a-d]$/.test(line)).length
}
