// Before `npm start`, `npm test` and CI: the npm packages of the lock file, installed when they are not there as it says.
// Plain JavaScript, for it runs on whatever Node the machine has (>= 20) before our own Node 26 is installed by it.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const mark = `${root}node_modules/.kadm-lock`

const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 20) fail(`node ${process.version} is too old`, 'install Node 20 or later (Debian 13: apt-get install nodejs npm)')

const wanted = createHash('sha256')
  .update(readFileSync(`${root}package-lock.json`))
  .update(process.arch)
  .digest('hex')
if (!existsSync(mark) || readFileSync(mark, 'utf8') !== wanted) {
  console.error('installing npm packages (about 20 s)')
  // No install scripts: what is a program comes inside its package (node, esbuild, typescript), and ssh2 does without its addon.
  const { status, error } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (error !== undefined) fail(`npm could not be started: ${error.message}`, 'install npm (Debian: apt-get install npm)')
  if (status !== 0) fail('npm ci failed', 'see its message above; is the npm registry reached? (npm ping)')
  writeFileSync(mark, wanted)
}

/** @returns {never} */
function fail(message, remedy) {
  console.error(`error: ${message}\ntry: ${remedy}`)
  process.exit(1)
}
