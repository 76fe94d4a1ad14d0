/** Which sandboxes a test run has. Nothing is loaded for it: vitest's configuration asks too. */

const runName = process.env['KADM_TEST_SANDBOX'] ?? 'kadm-test'

/** Files of hosts that run at once. Each has a sandbox of its own: a file waits about half of its time, so two keep two cores busy. */
export const filesAtOnce = 2

/** `global-setup.ts` takes them down before the test run begins, and when it ends. */
export const testSandboxNames: readonly string[] = Array.from({ length: filesAtOnce }, (_, index) => `${runName}-${index + 1}`)

/** The sandbox of the files that this process runs; vitest numbers those that are at work from 1. */
export const testSandboxName = `${runName}-${process.env['VITEST_POOL_ID'] ?? '1'}`
