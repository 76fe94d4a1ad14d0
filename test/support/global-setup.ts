/** Around a whole test run: no sandbox of an earlier, killed run is left at its beginning, and none of this run at its end. */
import { takeDown } from '../../src/sandbox/take-down.ts'
import { testSandboxNames } from './test-sandboxes.ts'

export async function setup(): Promise<void> {
  if (process.getuid?.() === 0) for (const name of testSandboxNames) await takeDown(name)
}

export async function teardown(): Promise<void> {
  if (process.getuid?.() === 0) for (const name of testSandboxNames) await takeDown(name)
}
