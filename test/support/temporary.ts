/** Folders of a test's own, removed when it ends. */
import { mkdtempSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, onTestFinished } from 'vitest'

/** A fresh folder for all tests of a file, removed after the last of them. To be called at the top of the file. */
export function folderOfFile(name: string): string {
  const dir = mkdtempSync(path.join(tmpdir(), `kadm-test-${name}-`))
  afterAll(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** A fresh folder that is removed when the running test is over. */
export async function temporaryDirectory(): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), 'kadm-test-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}
