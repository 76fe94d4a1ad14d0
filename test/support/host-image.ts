/** The system image that the sandbox keeps in its cache: real programs of a host, for tests that need no whole host. */
import { accessSync } from 'node:fs'
import path from 'node:path'
import type { TestContext } from 'vitest'
import { cacheDirectory } from '../../src/sandbox/cache.ts'

export const hostImageFolder = path.join(cacheDirectory(), 'host-image/debian-13')

/**
 * The folder of the image. Skips the test when the sandbox was never built; fails in CI.
 *
 * @param files that have to be there: in the image, or by an absolute path
 */
export function hostImage(context: TestContext, files: readonly string[]): string {
  try {
    for (const file of files) accessSync(path.resolve(hostImageFolder, file))
  } catch {
    const reason = 'the system image of the sandbox is not built (npm run test:all builds it)'
    if (process.env['CI'] === 'true') throw new Error(reason)
    context.skip(reason)
  }
  return hostImageFolder
}
