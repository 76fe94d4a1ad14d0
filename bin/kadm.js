#!/usr/bin/env node
// Starts kadm: from its sources in a checkout (Node runs .ts as it is), from the bundle where only that was installed.
import { existsSync } from 'node:fs'
import module from 'node:module'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `error: kadm needs Node 22.18 or later, this is ${process.version}\ntry: npm ci && npm run -s kadm -- ...   # in a checkout: brings its own Node`,
  )
  process.exit(1)
}
module.enableCompileCache()
const sources = new URL('../src/cli/main.ts', import.meta.url)
const { main } = await import(existsSync(sources) ? sources.href : '../dist/kadm.mjs')
process.exit(
  await main(process.argv.slice(2), { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, environment: process.env }),
)
