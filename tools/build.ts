/** `npm run build`: the sources as one bundle, `dist/kadm.mjs` and the chunks that it loads when a command needs them. */
import { execFile } from 'node:child_process'
import { cp, mkdir, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import type { Plugin } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Bundles `entry` into `into`, as `kadm.mjs` with its chunks and the files that the sandbox reads at run time beside it. */
export async function buildBundle(into: string, entry = path.join(root, 'src/cli/main.ts')): Promise<void> {
  await mkdir(into, { recursive: true })
  // Chunks of earlier builds have other names and would stay for ever.
  for (const name of await readdir(into)) if (/\.(mjs|mjs\.map|sh)$/.test(name)) await rm(path.join(into, name))
  await build({
    entryPoints: { kadm: entry },
    outdir: into,
    outExtension: { '.js': '.mjs' },
    chunkNames: '[name]-[hash]',
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    splitting: true,
    minify: true,
    keepNames: false,
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'linked',
    logLevel: 'warning',
    // ssh2 does without its native addon; cpu-features is asked for only by that.
    loader: { '.node': 'empty' },
    external: ['cpu-features', 'esbuild'],
    // CommonJS packages in a module: they call require and ssh2 asks for __dirname. The names are such that no package has them too.
    banner: {
      js: "import{createRequire as __kadmRequire}from'node:module';import{dirname as __kadmDirname}from'node:path';import{fileURLToPath as __kadmPath}from'node:url';const require=__kadmRequire(import.meta.url),__kadmFile=__kadmPath(import.meta.url),__kadmFolder=__kadmDirname(__kadmFile);",
    },
    define: { __dirname: '__kadmFolder', __filename: '__kadmFile' },
    plugins: [plainStringWidth, namedExports],
  })
  await rm(path.join(into, 'sandbox'), { recursive: true, force: true })
  await cp(path.join(root, 'sandbox'), path.join(into, 'sandbox'), { recursive: true })
  // Sources find their scripts beside themselves, and all chunks lie in this one folder.
  for (const file of await readdir(path.join(root, 'src/sandbox')))
    if (file.endsWith('.sh')) await cp(path.join(root, 'src/sandbox', file), path.join(into, file))
}

/** string-width builds an Intl.Segmenter when it is loaded, 20 to 35 ms; what it measures here is ASCII (dependencies.md, section 2). */
const plainStringWidth: Plugin = {
  name: 'plain-string-width',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^string-width$/ }, () => ({ path: 'string-width', namespace: 'plain' }))
    onLoad({ filter: /.*/, namespace: 'plain' }, () => ({
      contents: "import{stripVTControlCharacters}from'node:util';export default text=>stripVTControlCharacters(text).length",
      loader: 'js',
    }))
  },
}

/**
 * `const { Client } = await import('ssh2')`: Node finds the names that a CommonJS package exports, but a chunk that esbuild splits off
 * has only `default`, and `Client` would be undefined in the bundle alone. So a module between them exports the names that Node finds.
 */
const namedExports: Plugin = {
  name: 'named-exports',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[^./]/ }, async ({ path: name, kind, resolveDir }) => {
      if (kind !== 'dynamic-import' || name.startsWith('node:') || name === 'esbuild') return undefined
      // Asked of Node itself in a process of its own: whoever runs this build (a test runner too) may have an import that finds other
      // names.
      const ask = `console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(name)}))))`
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', ask], { cwd: resolveDir })
      const names: unknown = JSON.parse(stdout)
      // 'module.exports' is Node's mark of a CommonJS module (https://nodejs.org/api/esm.html#commonjs-namespaces).
      if (!Array.isArray(names) || !names.includes('module.exports')) return undefined
      return { path: name, namespace: 'named', pluginData: { resolveDir, names: names.filter((key) => key !== 'module.exports') } }
    })
    onLoad({ filter: /.*/, namespace: 'named' }, ({ path: name, pluginData }) => ({
      contents: `export { ${pluginData.names.join(', ')} } from ${JSON.stringify(name)}`,
      resolveDir: pluginData.resolveDir,
      loader: 'js',
    }))
  },
}

if (import.meta.main) await buildBundle(path.join(root, 'dist'))
