/**
 * What was skipped and why, what passed only when it was run once more and what it had failed with, then one closing line that machines can
 * read: `12 passed, 0 failed, 1 skipped`.
 */
import type { TestError } from 'vitest'
import type { Reporter, TestModule } from 'vitest/node'
import { isLongRun } from './long-run.ts'

/** `skipIf`, `runIf` and the command line's own choice leave none. */
const unexplained = isLongRun ? 'no reason given' : 'no reason given (what only takes long is in npm run test:all)'

export const summaryReporter: Reporter = {
  onTestRunEnd: (modules) => {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    const lines: string[] = []
    for (const module of modules) {
      if (module.children.size === 0 && module.state() === 'failed') counts.failed += 1
      for (const test of module.children.allTests()) {
        const result = test.result()
        counts[result.state] += 1
        const name = `${place(module)} > ${test.fullName}`
        if (result.state === 'skipped') lines.push(`skipped: ${name}: ${result.note ?? unexplained}`)
        if (result.state === 'passed' && result.errors !== undefined && result.errors.length > 0)
          lines.push(`passed when run once more: ${name}: ${result.errors.map(errorLines).join('\n')}`)
      }
    }
    for (const line of lines) console.log(line)
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  },
}

/** With what differed: a second look at a test that fails once in a hundred runs is far away. */
function errorLines({ stack, message, diff = '' }: TestError): string {
  const isOwn = (line: string): boolean => !line.includes('node_modules')
  return [...(stack ?? message).split('\n').filter(isOwn), diff].join('\n')
}

function place(module: TestModule): string {
  return module.relativeModuleId
}
