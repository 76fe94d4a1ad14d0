/** Each rule of the house with what it must refuse and what it must let pass. */
import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { rules } from '../../tools/house-rules/rules.ts'
import { lineOf, sourceText } from '../../tools/house-rules/source-text.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const long = (lines: number): string => 'x\n'.repeat(lines)

/** Rule, path, text. */
const bad: readonly (readonly [string, string, string])[] = [
  ['rows', 'src/host/x.ts', `import type { A } from '../config/model.ts'`],
  ['rows', 'src/host/x.ts', `import {\n  type A,\n} from '../pki/a.ts'`],
  ['rows', 'src/config/x.ts', `import { a } from '../phases/a.ts'`],
  ['rows', 'src/phases/init/x.ts', `const { a } = await import('../../cli/a.ts')`],
  ['rows', 'src/cluster/x.ts', `type A = import('../config/model.ts').A`],
  ['rows', 'src/cli/x.ts', `import { a } from '../novel/a.ts'`],
  ['rows', 'src/cli/x.ts', `import { until } from '../../test/support/until.ts'`],
  ['rows', 'src/sandbox/x.ts', `import { rules } from '../../tools/house-rules/rules.ts'`],
  ['rows', 'src/cli/x.ts', `import { a } from '../other.ts'`],
  ['rows', 'src/errors.ts', `import { a } from './host/a.ts'`],
  ['doors', 'src/phases/x.ts', `import { readFileSync } from 'node:fs'`],
  ['doors', 'src/config/x.ts', `import { spawn } from "node:child_process"`],
  ['doors', 'src/pki/x.ts', `import { isIP, connect } from 'node:net'`],
  ['doors', 'src/tokens/x.ts', `await import('node:https')`],
  ['doors', 'src/config/other.ts', `import { load } from 'js-yaml'`],
  ['doors', 'src/tokens/x.ts', `import forge from 'node-forge'`],
  ['doors', 'src/pki/x.ts', `import { CompactSign } from 'jose'`],
  ['doors', 'src/phases/x.ts', `import { Listr } from 'listr2'`],
  ['doors', 'src/cluster/x.ts', `import * as grpc from '@grpc/grpc-js'`],
  ['doors', 'src/progress/x.ts', `import yargs from 'yargs'`],
  ['doors', 'src/cluster/x.ts', `import { Client } from 'ssh2'`],
  ['doors', 'src/cli/x.ts', `import leftPad from 'left-pad'`],
  ['imports', 'src/host/x.ts', `import { a } from './a'`],
  ['imports', 'src/host/x.ts', `export * from './a.ts'`],
  ['imports', 'src/host/x.ts', `export { a } from './a.ts'`],
  ['imports', 'src/host/x.ts', `export default function a() {}`],
  ['imports', 'src/host/x.ts', `const a = 1\nexport { a as default }`],
  ['names', 'src/host/index.ts', ''],
  ['names', 'src/host/localHost.ts', ''],
  ['names', 'src/host/path-utils.ts', ''],
  ['names', 'src/common/paths.ts', ''],
  ['names', 'test/host/Local.test.ts', ''],
  ['length', 'src/host/x.ts', long(301)],
  ['length', 'test/host/x.test.ts', long(501)],
  ['shell', 'src/host/x.ts', "run(['sh', '-c', `ls ${folder}`])"],
  ['shell', 'src/host/x.ts', `run(['/bin/bash', "-ec", 'ls ' + folder])`],
  ['shell', 'test/host/x.test.ts', "run('bash', '-c', `a\nb ${c}`)"],
  ['shell', 'src/host/x.ts', `spawn('ls', [], { shell: true })`],
  ['shell', 'src/host/x.ts', `import { execSync } from 'node:child_process'`],
  ['exit', 'src/cli/command.ts', `process.exit(1)`],
  ['dry', 'src/phases/init/x.ts', `if (isDryRun) return`],
  ['dry', 'src/pki/x.ts', `const dry = 1`],
  ['dry', 'src/phases/init/x.ts', 'say(`${dryRun}`)'],
  ['classes', 'src/host/x.ts', `class LocalHost extends BaseHost {}`],
  ['classes', 'src/host/x.ts', `class A<T> extends lib.Base<T> {}`],
  ['classes', 'src/host/x.ts', `export enum Kind { A }`],
  ['classes', 'src/host/x.ts', `const enum Kind { A }`],
  ['mocks', 'test/host/x.test.ts', `vi.mock('../../src/host/host.ts')`],
]

const good: readonly (readonly [string, string])[] = [
  [
    'src/phases/x.ts',
    `import { a } from '../config/a.ts'\nimport { b } from '../preflight/b.ts'\nimport { KadmError } from '../errors.ts'`,
  ],
  ['src/host/x.ts', `import { readFile } from 'node:fs/promises'\nimport { a } from './a.ts'`],
  ['src/config/x.ts', `import { isIP } from 'node:net'\nimport { createHash } from 'node:crypto'`],
  ['src/config/yaml.ts', `import { load } from 'js-yaml'`],
  ['src/pki/x.ts', `import asn1 from 'node-forge/lib/asn1.js'`],
  ['src/pki/forge.d.ts', `export default asn1`],
  ['test/host/x.test.ts', `import { a } from '../../src/cli/a.ts'\nimport { spawn } from 'node:child_process'`],
  [
    'src/host/x.ts',
    `// import { a } from '../cli/a.ts'\n/* export default a; vi.mock('x') */\nconst text = "process.exit(1) class A extends B {}"`,
  ],
  ['src/host/x.ts', "const text = `import { a } from '../cli/a.ts'`"],
  ['src/host/x.ts', `const parts = text.split(/['"/]/).map((one) => one / 2 / 3)\n// it's\nconst b = 'x'`],
  ['src/host/x.ts', long(300)],
  ['test/host/x.test.ts', long(500)],
  ['src/host/x.ts', `run(['sh', '-c', 'ls "$1"', 'list', folder])\nrun(['sh', '-c', script])\n/a/.exec(text)`],
  ['src/host/x.ts', 'run([`bash`, `-c`, `echo hi`]); say(`bash ${a}`)'],
  ['src/cli/main.ts', `process.exit(1)`],
  ['src/phases/init/x.ts', `const flags = ['config', 'dry-run'] // no dry run here`],
  ['src/phases/init/start-init.ts', `const recording = config.init.dryRun`],
  ['src/config/fields.ts', `const dryRunField = field('dryRun')`],
  [
    'src/errors.ts',
    `class KadmError extends Error {}\nclass MoreError extends KadmError {}\ninterface A extends B {}\nfunction f<T extends string>() {}`,
  ],
  ['src/manifests/kube-controller-manager.ts', ''],
]

test.for(bad)('%s is refused in %s (%#)', ([rule, file, text]) => {
  expect(breaches(file, text)).toContain(rule)
})

test.for(good)('%s passes (%#)', ([file, text]) => {
  expect(breaches(file, text)).toEqual([])
})

test('every rule is tried', () => {
  expect(new Set(bad.map(([rule]) => rule))).toEqual(new Set(rules.map(({ name }) => name)))
})

test('the line of a breach, and the exit code', async () => {
  const root = await temporaryDirectory()
  await mkdir(path.join(root, 'src/host'), { recursive: true })
  await writeFile(path.join(root, 'src/host/x.ts'), `/*\n*/\nconst a = \`\${{ b: '}' }}\`\nexport default a\n`)
  const program = path.resolve('tools/house-rules.ts')
  const result = spawnSync(process.execPath, [program], { cwd: root, encoding: 'utf8' })
  expect(result.stdout).toBe('src/host/x.ts:4: no default exports (imports)\n')
  expect(result.status).toBe(1)
  await writeFile(path.join(root, 'src/host/x.ts'), 'export const a = 1\n')
  expect(spawnSync(process.execPath, [program], { cwd: root, encoding: 'utf8' })).toMatchObject({ status: 0, stdout: '' })
})

test('places stay where they are', () => {
  const source = sourceText('src/x.ts', 'a // b\n`x\ny${c}z` = /d/ e')
  expect(source.code).toBe('a     \n` \n ${c} ` = / / e')
  expect(lineOf(source, source.code.indexOf('c'))).toBe(3)
})

function breaches(file: string, text: string): readonly string[] {
  const source = sourceText(file, text)
  return rules.filter(({ find }) => find(source).length > 0).map(({ name }) => name)
}
