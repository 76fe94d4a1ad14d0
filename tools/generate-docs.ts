/**
 * Writes the pages that are made from tables: `node tools/generate-docs.ts`. With `--check` nothing is written, and a stale page is exit
 * code 1.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { configReference, configSchema } from '../src/config/reference.ts'
import { clusterFilePage } from './docs/cluster-file-page.ts'
import { errorsPage } from './docs/errors-page.ts'
import { eventsPage } from './docs/events-page.ts'
import { preflightPage } from './docs/preflight-page.ts'

const pages: Readonly<Record<string, string>> = {
  'docs/cluster-file.md': clusterFilePage(),
  'docs/config.md': configReference(),
  'docs/config.schema.json': JSON.stringify(configSchema(), undefined, 2),
  'docs/errors.md': errorsPage(),
  'docs/events.md': eventsPage(),
  'docs/preflight.md': preflightPage(),
}

const onlyCheck = process.argv.includes('--check')
for (const [file, made] of Object.entries(pages)) {
  const content = `${made.trimEnd()}\n`
  if ((await readFile(file, 'utf8').catch(() => '')) === content) continue
  if (onlyCheck) {
    console.log(`${file} is stale: npm run docs`)
    process.exitCode = 1
  } else {
    await writeFile(file, content)
    console.log(`${file} written`)
  }
}
