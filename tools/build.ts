/** `npm run build`: the sources as one bundle, `dist/kadm.mjs` and the chunks that it loads when a command needs them. */
import { cp, mkdir, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
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
    banner: { js: "import{createRequire as __kadmRequire}from'node:module';import{dirname as __kadmDirname}from'node:path';import{fileURLToPath as __kadmPath}from'node:url';const require=__kadmRequire(import.meta.url),__kadmFile=__kadmPath(import.meta.url),__kadmFolder=__kadmDirname(__kadmFile);" },
    define: { __dirname: '__kadmFolder', __filename: '__kadmFile' },
    plugins: [plainStringWidth],
  })
  await rm(path.join(into, 'sandbox'), { recursive: true, force: true })
  await cp(path.join(root, 'sandbox'), path.join(into, 'sandbox'), { recursive: true })
  // Sources find their scripts beside themselves, and all chunks lie in this one folder.
  for (const file of await readdir(path.join(root, 'src/sandbox'))) if (file.endsWith('.sh')) await cp(path.join(root, 'src/sandbox', file), path.join(into, file))
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

if (import.meta.main) await buildBundle(path.join(root, 'dist'))
