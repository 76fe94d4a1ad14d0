/**
 * `npm test`: makes what the tests need (packages, components, host image, images), then runs them all; `--all` with the long ones.
 * What cannot be made here is said with the reason; in CI its absence fails the tests that need it.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { errorText } from '../src/cli/text/error-text.ts'
import { newestKubernetes } from '../src/config/own-version.ts'
import { ensureComponents, ensureE2eKubeadm } from '../src/sandbox/components.ts'
import { ensureImageStore } from '../src/sandbox/image-store.ts'
import { ensurePieces } from '../src/sandbox/missing-pieces.ts'
import { olderKubernetes } from '../src/sandbox/releases.ts'

const all = process.argv.includes('--all')
const say = (line: string): void => console.error(line)

try {
  await ensurePieces({ say })
  await ensureComponents(newestKubernetes, { say })
  await ensureComponents(olderKubernetes, { say })
  await ensureImageStore([newestKubernetes], { say })
  await ensureE2eKubeadm(newestKubernetes, { say })
} catch (error) {
  process.stderr.write(errorText(error, 0))
  if (process.env['CI'] === 'true') process.exit(1)
  say('tests that need what is missing will be skipped')
}

const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))
const child = spawn(process.execPath, [vitest, 'run', ...process.argv.slice(2).filter((word) => word !== '--all')], {
  stdio: 'inherit',
  env: { ...process.env, ...(all ? { KADM_TEST_ALL: 'true' } : {}) },
})
child.on('close', (code) => process.exit(code ?? 1))
