import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'
import { summaryReporter } from './test/support/summary-reporter.ts'
import { filesAtOnce } from './test/support/test-sandboxes.ts'

// Real components on two cores: what fails in CI is run once more, and the report says so (`retry x1`). By hand nothing is.
const retry = process.env['CI'] === 'true' ? 1 : 0

const cluster = ['test/e2e/**/*.test.ts', 'test/sandbox/**/*.test.ts']

export default defineConfig({
  test: {
    reporters: ['default', summaryReporter],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        // They wait for etcd's elections, kubeadm's time limits and the like: on two cores three files at once keep both busy. Vitest's own
        // choice is one.
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: cluster,
          maxWorkers: Math.max(3, availableParallelism()),
          sequence: { groupOrder: 1 },
          retry,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          pool: 'forks',
        },
      },
      {
        test: {
          name: 'cluster',
          include: cluster,
          globalSetup: 'test/support/global-setup.ts',
          maxWorkers: filesAtOnce,
          sequence: { groupOrder: 2 },
          retry,
          testTimeout: 300_000,
          hookTimeout: 600_000,
          pool: 'forks',
        },
      },
    ],
  },
})
