/** The real components that tests compare with: built by `kadm sandbox` into its cache. */
import { accessSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'vitest'
import { newestKubernetes } from '../../src/config/own-version.ts'

/** Path of a real component, e.g. `realBinary(context, 'kubeadm')`. Skips the test with a reason when it is not built; fails in CI. */
export function realBinary(context: TestContext, name: string, version = newestKubernetes): string {
  const file = path.join(cacheDirectory(), 'kubernetes', version, 'bin', name)
  try {
    accessSync(file)
  } catch {
    const reason = `${name} ${version} is not built (npm run test:all builds it)`
    if (process.env['CI'] === 'true') throw new Error(reason)
    context.skip(reason)
  }
  return file
}

function cacheDirectory(): string {
  return process.env['KADM_CACHE'] ?? path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'kadm')
}
