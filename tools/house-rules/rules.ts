/** The rules of the house that no linter brings. What oxlint can hold (any, non-null, unused things) stands in .oxlintrc.json. */
import { doorRule, importsOf, rowRule, writtenRule } from './imports.ts'
import { findAll, type Finding, type Rule } from './rule.ts'
import type { SourceText } from './source-text.ts'

export const rules: readonly Rule[] = [
  rowRule,
  doorRule,
  writtenRule,
  { name: 'names', find: fileName },
  { name: 'length', find: length },
  { name: 'shell', find: shell },
  {
    name: 'exit',
    find: ({ path, code }) =>
      path === 'src/cli/main.ts' || !path.startsWith('src/')
        ? []
        : findAll(code, /\bprocess\s*\.\s*exit\s*\(/g, () => 'process.exit only in src/cli/main.ts: throw, or return'),
  },
  { name: 'dry', find: dry },
  { name: 'classes', find: classes },
  {
    name: 'mocks',
    find: ({ code }) =>
      findAll(
        code,
        /\b(?:vi|vitest|jest)\s*\.\s*(?:mock|doMock|unstable_mockModule)\s*\(/g,
        () => 'no module mocks: needing one shows that a side effect has no door',
      ),
  },
]

function fileName({ path }: SourceText): readonly Finding[] {
  const names = path.split('/')
  const file = (names.at(-1) ?? '').replace(/(\.test|\.d)?\.[a-z]+$/, '')
  const told = [
    ...(file === 'index' ? ['no index files: import the file that is meant'] : []),
    ...[...names.slice(0, -1), file].filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)).map((name) => `"${name}" is not kebab-case`),
    ...names
      .flatMap((name) => name.replace(/\..*$/, '').split('-'))
      .filter((word) => emptyWords.has(word))
      .map((word) => `"${word}" says nothing: name the file for what it exports`),
  ]
  return told.map((message) => ({ index: 0, message }))
}

const emptyWords = new Set(['util', 'utils', 'common', 'helper', 'helpers', 'misc', 'types', 'constants', 'stuff'])

function length({ path, text }: SourceText): readonly Finding[] {
  const limit = path.startsWith('test/') ? 500 : 300
  const lines = text.trimEnd().split('\n').length
  return lines <= limit ? [] : [{ index: text.length - 1, message: `${lines} lines; the limit is ${limit}` }]
}

/** A value inside a shell string is read as code by the shell: values go as arguments of their own (`"$1"`). */
function shell(source: SourceText): readonly Finding[] {
  const { code, withoutComments } = source
  const strings = findAll(
    withoutComments,
    /(['"`])(?:\S*\/)?(?:ba|da|z)?sh\1\s*,\s*(['"`])-\w*c\2\s*,\s*(?:`(?:[^`\\]|\\.)*?\$\{|(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`[^`]*`|\w+)\s*\+)/g,
    // A program of a test's text, inside a string, is no program.
    ({ index }) => (code[index] === ' ' ? undefined : 'no values inside shell strings: give them as arguments of their own'),
  )
  return [
    ...strings,
    ...findAll(code, /\bshell\s*:\s*true\b/g, () => 'no shell: give an argv'),
    ...importsOf(source)
      .filter(({ specifier, names }) => specifier === 'node:child_process' && names.some((name) => name === 'exec' || name === 'execSync'))
      .map(({ index }) => ({ index, message: 'exec runs a shell: use execFile or spawn with an argv' })),
  ]
}

/**
 * What the story and the things do never depends on it. Strings may name the flag; `dryRun` is a field of the configuration, and
 * `start-<workflow>.ts`, which chooses the doors of a run, reads that field.
 */
function dry({ path, code }: SourceText): readonly Finding[] {
  if (!/^src\/(phases|preflight|fleet|pki|tokens|discovery|manifests)\//.test(path)) return []
  const chooses = /^src\/phases\/\w+\/start-\w+\.ts$/.test(path)
  return findAll(code, /\w*dry\w*/gi, ([word]) =>
    chooses && word === 'dryRun' ? undefined : `"${word}": a recording is another Host or Cluster, which nobody here knows of`,
  )
}

function classes({ code }: SourceText): readonly Finding[] {
  return [
    ...findAll(code, /\bclass\s+(\w+)(?:<[^{]*>)?\s+extends\s+([\w.]+)/g, ([, name, parent]) =>
      parent?.endsWith('Error') === true ? undefined : `${name} extends ${parent}: only errors extend`,
    ),
    ...findAll(code, /(?:^|\n)\s*(?:export\s+)?(?:declare\s+)?(?:const\s+)?enum\s+\w+/g, () => 'no enums: a union of strings'),
  ]
}
