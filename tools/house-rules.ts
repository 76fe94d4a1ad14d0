/**
 * The rules of the house (docs/principles.md) that a machine can hold. Prints `file:line: message (rule)` for each breach and exits with 1.
 */
import { globSync, readFileSync } from 'node:fs'
import { rules } from './house-rules/rules.ts'
import { lineOf, sourceText } from './house-rules/source-text.ts'

const files = ['src', 'test', 'tools', 'bin'].flatMap((folder) => globSync(`${folder}/**/*.{ts,mjs,js}`)).toSorted()
const breaches = files.flatMap((path) => {
  const source = sourceText(path, readFileSync(path, 'utf8'))
  return rules.flatMap(({ name, find }) =>
    find(source).map(({ index, message }) => `${path}:${lineOf(source, index)}: ${message} (${name})`),
  )
})
for (const breach of breaches) console.log(breach)
if (breaches.length > 0) process.exitCode = 1
