/**
 * `npm run package`: **`dist/kadm`**, one executable file for hosts that have nothing but their libc. With `--json` it says where
 * everything is.
 */
import { createHash } from 'node:crypto'
import { execFile } from 'node:child_process'
import { access, chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { holdFileLock } from '../src/sandbox/cache.ts'
import { buildBundle } from './build.ts'
import { addRuntimeLibraries } from './runtime-libraries.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = promisify(execFile)

interface Packaged {
  readonly file: string
  /** The payload as the launcher lays it out. */
  readonly extracted: string
  readonly hash: string
}

interface PackageOptions {
  /** Entry of the bundle, for tests. */
  readonly entry?: string
  /** Default `dist`. */
  readonly into?: string
}

/** Makes `kadm` and `payload/<hash>` in `into`, unless the sources are those that the one there was made of. */
export async function packageKadm({
  entry = path.join(root, 'src/cli/main.ts'),
  into = path.join(root, 'dist'),
}: PackageOptions = {}): Promise<Packaged> {
  const file = path.join(into, 'kadm')
  await mkdir(into, { recursive: true })
  await using _lock = await holdFileLock(path.join(into, '.package.lock'), () =>
    process.stderr.write('another process is packaging kadm: waiting for it\n'),
  )
  const sources = await hashOfSources(entry)
  const before = await readStamp(into)
  if (before?.sources === sources) return { file, extracted: path.join(into, 'payload', before.hash), hash: before.hash }
  const work = await mkdtemp(path.join(into, '.package-'))
  try {
    const laidOut = path.join(work, 'payload')
    await layOut(laidOut, entry)
    const hash = await hashOfFolder(laidOut)
    await buildLauncher(laidOut, hash, path.join(work, 'kadm'))
    await keepPayload(laidOut, path.join(into, 'payload'), hash)
    await rename(path.join(work, 'kadm'), file)
    await writeFile(path.join(into, 'kadm.stamp'), `${sources} ${hash}\n`)
    return { file, extracted: path.join(into, 'payload', hash), hash }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Another payload that someone may just be linking into a host stays for an hour; one of this very content is there already. */
async function keepPayload(laidOut: string, folder: string, hash: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const present = await readdir(folder)
  for (const name of present) {
    const { mtimeMs } = await stat(path.join(folder, name))
    if (name !== hash && Date.now() - mtimeMs > 3_600_000) await rm(path.join(folder, name), { recursive: true, force: true })
  }
  if (!present.includes(hash)) await rename(laidOut, path.join(folder, hash))
}

const startFile = `import { enableCompileCache } from 'node:module'
// What V8 compiled at an earlier start, beside the program itself: 20 to 30 ms of each later one. Where it cannot be written nothing is
// lost.
enableCompileCache({ directory: new URL('compiled', import.meta.url).pathname, portable: true })
const { main } = await import('./kadm.mjs')
process.exit(await main(process.argv.slice(2), { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, environment: process.env }))
`

async function layOut(folder: string, entry: string): Promise<void> {
  await mkdir(folder)
  await chmod(folder, 0o755)
  await buildBundle(folder, entry)
  for (const name of await readdir(folder)) if (name.endsWith('.map') || name.endsWith('.txt')) await rm(path.join(folder, name))
  await writeFile(path.join(folder, 'start.mjs'), startFile)
  const node = path.join(folder, 'node')
  await copyFile(nodeBinary(), node)
  await chmod(node, 0o755)
  await addRuntimeLibraries(path.join(folder, 'lib'), node)
  // A run path inside the file, not LD_LIBRARY_PATH: that one would be inherited by every program that kadm starts.
  // Stripped before: strip breaks a file that patchelf has changed.
  await tool('strip', ['--strip-all', node], 'apt-get install binutils')
  await tool('patchelf', ['--set-rpath', '$ORIGIN/lib', node], 'apt-get install patchelf')
  await tool(node, ['--version'], 'is this Node for another kind of machine?')
  await warmUp(node, folder)
}

function nodeBinary(): string {
  return path.join(root, `node_modules/node-linux-${process.arch}/bin/node`)
}

/**
 * Starts it once for each heavy way through it, so that V8's work is in the package. The cache's folder carries the uid: only root's first
 * start gains.
 */
async function warmUp(node: string, folder: string): Promise<void> {
  for (const argv of [['version'], ['version', '--output', 'json'], ['--help'], ['init', '--help'], ['config', 'print', 'init-defaults']]) {
    await run(node, [path.join(folder, 'start.mjs'), ...argv], { env: { PATH: '/usr/bin:/bin' } }).catch(() => undefined)
  }
  // Then what only a host or a cluster leads to, such as gRPC, jose and etcd: their functions are compiled later, their modules are not.
  const chunks = (await readdir(folder)).filter((name) => name.endsWith('.mjs') && name !== 'start.mjs')
  const importAll = `const { enableCompileCache } = await import('node:module')
enableCompileCache({ directory: ${JSON.stringify(path.join(folder, 'compiled'))}, portable: true })
for (const name of ${JSON.stringify(chunks)}) await import(${JSON.stringify(`${folder}/`)} + name)
process.exit()`
  await run(node, ['--input-type=module', '--eval', importAll])
}

const pieceSize = 4 * 1024 * 1024

async function buildLauncher(laidOut: string, hash: string, file: string): Promise<void> {
  const work = await mkdtemp(path.join(tmpdir(), 'kadm-launcher-'))
  try {
    for (const name of ['go.mod', 'main.go']) await copyFile(path.join(root, 'tools/launcher', name), path.join(work, name))
    await mkdir(path.join(work, 'payload'))
    const files = []
    for (const name of await filesBelow(laidOut)) files.push(await pack(laidOut, name, path.join(work, 'payload'), files.length))
    await writeFile(path.join(work, 'payload/index.json'), JSON.stringify({ pieceSize, files }))
    const environment = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GOWORK: 'off' }
    await run('go', ['build', '-trimpath', '-ldflags', `-s -w -X main.hash=${hash}`, '-o', file, '.'], { cwd: work, env: environment })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function pack(laidOut: string, name: string, into: string, number: number): Promise<object> {
  const content = await readFile(path.join(laidOut, name))
  const starts = Array.from({ length: Math.ceil(content.length / pieceSize) }, (_, index) => index * pieceSize)
  const pieces = await Promise.all(
    starts.map(async (start, index) => {
      const piece = `${number}-${index}.gz`
      await writeFile(path.join(into, piece), await promisify(gzip)(content.subarray(start, start + pieceSize), { level: 9 }))
      return piece
    }),
  )
  return { path: name, mode: name === 'node' ? 0o755 : 0o644, size: content.length, pieces }
}

async function hashOfSources(entry: string): Promise<string> {
  const hash = createHash('sha256').update(process.version).update(entry)
  const files = ['package-lock.json', 'tools/build.ts', 'tools/package.ts', 'tools/runtime-libraries.ts'].map((name) =>
    path.join(root, name),
  )
  // An entry of a test stands alone, so that the test does not depend on who edits the sources meanwhile.
  const folders = ['sandbox', 'tools/launcher', ...(entry.startsWith(path.join(root, 'src/')) ? ['src'] : [])].map((name) =>
    path.join(root, name),
  )
  for (const folder of folders) files.push(...(await filesBelow(folder)).map((name) => path.join(folder, name)))
  for (const file of [entry, ...files]) hash.update(file).update(await readFile(file))
  return hash.digest('hex').slice(0, 12)
}

/** V8's cache is left out: it differs from run to run and changes nothing. */
async function hashOfFolder(folder: string): Promise<string> {
  const hash = createHash('sha256')
  for (const name of await filesBelow(folder))
    if (!name.startsWith('compiled/')) hash.update(name).update(await readFile(path.join(folder, name)))
  return hash.digest('hex').slice(0, 12)
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort()
}

async function readStamp(into: string): Promise<{ readonly sources: string; readonly hash: string } | undefined> {
  try {
    const [sources = '', hash = ''] = (await readFile(path.join(into, 'kadm.stamp'), 'utf8')).trim().split(' ')
    await readdir(path.join(into, 'payload', hash))
    await access(path.join(into, 'kadm'))
    return { sources, hash }
  } catch {
    return undefined
  }
}

async function tool(program: string, args: readonly string[], remedy: string): Promise<void> {
  try {
    await run(program, [...args])
  } catch (error) {
    throw new Error(`${program} failed; try: ${remedy}`, { cause: error })
  }
}

if (import.meta.main) {
  const packaged = await packageKadm()
  process.stdout.write(process.argv.includes('--json') ? `${JSON.stringify(packaged)}\n` : `${packaged.file}\n`)
}
