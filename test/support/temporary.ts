/** Folders of a test's own, removed when the test file ends. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

/** A fresh folder that is removed when the running test is over. */
export async function temporaryDirectory(): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), 'kadm-test-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}
