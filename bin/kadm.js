#!/usr/bin/env node
// Starts the built program, or the sources where there is none (Node runs .ts as it is).
import { existsSync } from 'node:fs'
import { enableCompileCache } from 'node:module'

enableCompileCache()
const built = new URL('../dist/kadm.mjs', import.meta.url)
const { main } = await import(existsSync(built) ? built.href : '../src/cli/main.ts')
process.exit(await main(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr, environment: process.env }))
