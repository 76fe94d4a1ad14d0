#!/usr/bin/env node
// Starts kadm: from its sources in a checkout (Node runs .ts as it is), from the bundle where only that was installed.
import { existsSync } from 'node:fs'
import { enableCompileCache } from 'node:module'

enableCompileCache()
const sources = new URL('../src/cli/main.ts', import.meta.url)
const { main } = await import(existsSync(sources) ? sources.href : '../dist/kadm.mjs')
process.exit(await main(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr, environment: process.env }))
