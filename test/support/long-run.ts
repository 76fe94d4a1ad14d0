/** What is too long for `npm test`, and done by `npm run test:all`. */
import type { TestContext } from 'vitest'

export const isLongRun = process.env['KADM_TEST_ALL'] === 'true'

export const longRunOnly = 'npm run test:all does this'

export function skipInShortRun(context: TestContext): void {
  if (!isLongRun) context.skip(longRunOnly)
}
