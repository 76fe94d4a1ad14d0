/** What was skipped and why, then one closing line that machines can read: `12 passed, 0 failed, 1 skipped`. */
import type { Reporter, TestModule } from 'vitest/node'
import { isLongRun, longRunOnly } from './long-run.ts'

export const summaryReporter: Reporter = {
  onTestRunEnd: (modules) => {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    const skipped: string[] = []
    for (const module of modules) {
      if (module.children.size === 0 && module.state() === 'failed') counts.failed += 1
      for (const test of module.children.allTests()) {
        const result = test.result()
        counts[result.state] += 1
        if (result.state === 'skipped')
          skipped.push(`skipped: ${place(module)} > ${test.fullName}: ${result.note ?? (isLongRun ? 'no reason given' : longRunOnly)}`)
      }
    }
    for (const line of skipped) console.log(line)
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  },
}

function place(module: TestModule): string {
  return module.relativeModuleId
}
