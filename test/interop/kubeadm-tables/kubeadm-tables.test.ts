/** The situations of kubeadm's own table tests that words and files can bring about, by the real kubeadm and by kadm. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { commandCases } from './commands.ts'
import { compareCases } from './compare.ts'
import { configurationCases } from './configuration.ts'
import { controlPlaneCases } from './control-plane.ts'
import { fileCases } from './files.ts'
import { imageCaseTable } from './images.ts'
import { keyTable } from './keys.ts'
import type { TableCase } from './table-case.ts'
import { validationCases } from './validation.ts'

const tables: Readonly<Record<string, readonly TableCase[]>> = {
  validation: validationCases,
  configuration: configurationCases,
  images: imageCaseTable,
  files: fileCases,
  'control plane': controlPlaneCases,
  commands: commandCases,
  keys: keyTable,
}

test.for(Object.entries(tables))('%s', { timeout: 300_000 }, async ([, cases], context) => {
  const { different, exitCodes } = await compareCases(context, cases)
  expect(different).toEqual([])
  // Both sides of each table must be there.
  expect(new Set(exitCodes.map((code) => code === 0))).toEqual(new Set([true, false]))
})

test('docs/compatibility.md says how many there are', async () => {
  const page = await readFile(new URL('../../../docs/compatibility.md', import.meta.url), 'utf8')
  const [, section] = /<!-- kubeadm tables -->\n([^]*?)<!-- end -->/.exec(page) ?? []
  expect(section).toBe(countsTable())
})

function countsTable(): string {
  const all = Object.values(tables).flat()
  const packages = [...new Set(all.map(({ from }) => from))].toSorted()
  const rows = packages.map((from) => {
    const own = all.filter((one) => one.from === from)
    const other = own.filter(({ differs }) => differs !== undefined)
    return `| ${from} | ${own.length} | ${own.length - other.length} | ${[...new Set(other.map(({ differs }) => differs))].join('; ')} |`
  })
  const same = all.filter(({ differs }) => differs === undefined).length
  return [
    '| package of kubeadm | cases | the same | otherwise on purpose |',
    '| --- | --- | --- | --- |',
    ...rows,
    `| **all** | ${all.length} | ${same} | |`,
    '',
  ].join('\n')
}
