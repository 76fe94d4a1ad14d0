import { spawnSync } from 'node:child_process'
import { appendFile, mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../support/temporary.ts'

test('pages are written, found fresh, and found stale', async () => {
  const cwd = await temporaryDirectory()
  await mkdir(path.join(cwd, 'docs'))
  const generate = (...args: readonly string[]): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, [path.resolve('tools/generate-docs.ts'), ...args], { cwd, encoding: 'utf8' })
  expect(generate('--check').status).toBe(1)
  expect(await readdir(path.join(cwd, 'docs'))).toEqual([])
  expect(generate().status).toBe(0)
  expect(generate('--check').status).toBe(0)
  await appendFile(path.join(cwd, 'docs/errors.md'), '| `X` | by hand |\n')
  expect(generate('--check')).toMatchObject({ status: 1, stdout: expect.stringContaining('docs/errors.md is stale') })
})
