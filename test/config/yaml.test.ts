import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dumpYaml, parseYaml, parseYamlDocuments, parseYamlStrictly } from '../../src/config/yaml.ts'
import { realBinary } from '../support/real-binary.ts'
import { kubeadmConfig } from './kubeadm-config.ts'

const head = 'apiVersion: kubeadm.k8s.io/v1beta4\n'
const odd = [
  '',
  ' ',
  'yes',
  'No',
  'y',
  'on',
  '~',
  'null',
  '0',
  '-1',
  '0x1F',
  '0o17',
  '0b11',
  '1_000',
  '1e3',
  '.5',
  '-.inf',
  '.NaN',
  '08',
  '+1',
  '12:30',
  '190:20:30',
  '2024-01-02',
  '2024-1-1',
  '2001-12-14t21:59:43.10-05:00',
  '<<',
  '=',
  '---',
  '--- a',
  '...',
  '- a',
  '-',
  '?',
  '? a',
  ':',
  ': a',
  'a:',
  'a: b',
  '#',
  'a #b',
  'a#b',
  '@',
  '`',
  '%',
  '!',
  '&a',
  '*a',
  '|',
  '>',
  '{',
  '}',
  '[',
  ']',
  ',',
  '"',
  "'",
  '\\',
  '\n',
  '\n\n',
  'a\n',
  'a\n\n',
  '\na',
  ' a',
  'a ',
  'a\n b',
  'a \nb',
  '\ta',
  'a\tb',
  '\r',
  'a\r\nb',
  '\u0085',
  '\u00a0',
  '\ufeff',
  '🦊',
  'é',
  '\u0000',
  '\u001b',
  `${'word '.repeat(40)}`,
  `'${'word '.repeat(40)}`,
  `${'w\t'.repeat(50)} ${'word '.repeat(20)}`,
  'word  '.repeat(40),
  `${'x'.repeat(90)} y z`,
  'a\n'.repeat(3),
  '1:2',
  '1.2.3.4',
  '0.',
  '1.',
  '0777',
  '0o8',
  '1__0',
  '_1',
  '-_1',
  '9223372036854775808',
  '18446744073709551616',
]

test('strings are written as Go writes them', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const unit = fc.constantFrom(...('ab0 -:#\'"\n\t,[]{}&*!|>%@`?~.=_\\é🦊'.match(/./gsu) ?? []))
  const values = [
    ...odd,
    ...fc.sample(
      fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit, maxLength: 12 }), fc.string({ unit, minLength: 70, maxLength: 200 })),
      400,
    ),
  ]
    .map((value) => value.toWellFormed())
    // Go writes these into JSON as they are, and then cannot read them as YAML or reads a blank.
    .filter((value) => !/[\u007f-\u009f\ufffe\uffff]/.test(value))
  const escaped = values.map(
    (value) => `"${[...value].map((char) => `\\U${(char.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`).join('')}"`,
  )
  const [verdict] = await kubeadmConfig(kubeadm, 'migrate', [
    `${head}kind: UpgradeConfiguration\napply: {skipPhases: [${escaped.join(',')}]}\n`,
  ])
  expect(verdict?.stderr).toBe('')
  const oracle = parseYaml(verdict?.stdout ?? '') as { apply: { skipPhases: string[] } }
  expect(oracle.apply.skipPhases).toEqual(values)
  expect(dumpYaml(oracle)).toBe(verdict?.stdout)
})

test('plain scalars are read as Go reads them', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const scalars = [
    ...odd.filter((value) => /^[\w+.:-]+$/.test(value)),
    ...fc.sample(fc.stringMatching(/^[-+]?[0-9][0-9_xobe.]{0,5}$/), 25),
    'TRUE',
    'oN',
    'Y',
    'NULL',
    '0X1f',
    '1E+2',
    '+.INF',
    '-0b1',
    '1.5e300',
    '0b',
    '0x',
    '1e',
    '.e3',
    '00',
    '+0',
  ]
  const texts = scalars.flatMap((scalar) => [
    `${head}kind: UpgradeConfiguration\ndiff:\n  kubernetesVersion: ${scalar}\n`,
    `${head}kind: UpgradeConfiguration\ndiff:\n  contextLines: ${scalar}\n`,
  ])
  const verdicts = await kubeadmConfig(kubeadm, 'migrate', texts)
  const own = texts.map((text) => {
    try {
      const { diff } = parseYaml(text) as { diff: { kubernetesVersion?: unknown; contextLines?: unknown } }
      return 'kubernetesVersion' in diff
        ? diff.kubernetesVersion === null || typeof diff.kubernetesVersion === 'string'
        : diff.contextLines === null || Number.isInteger(diff.contextLines) || typeof diff.contextLines === 'bigint'
    } catch {
      return false
    }
  })
  const wrong = scalars.flatMap((scalar, index) => {
    const [text, number] = [verdicts[2 * index], verdicts[2 * index + 1]]
    const value = (parseYaml(number?.stdout ?? '') as { diff?: { contextLines?: number } } | null)?.diff?.contextLines ?? 0
    const mine = own[2 * index + 1] === true ? Number((parseYaml(`a: ${scalar}`) as { a: unknown }).a) : 0
    const sameText = (text?.exitCode === 0) === own[2 * index]
    const sameNumber = Math.abs(mine) > 2 ** 31 || ((number?.exitCode === 0) === own[2 * index + 1] && value === mine)
    return sameText && sameNumber ? [] : [{ scalar, text: [text?.exitCode, own[2 * index]], number: [number?.exitCode, value, mine] }]
  })
  expect(wrong).toEqual([])
})

test('what was written is read back', () => {
  const json = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' })
  fc.assert(
    fc.property(json, (value) => {
      expect(parseYaml(dumpYaml(value))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
    { numRuns: 500 },
  )
})

test('integers beyond 2^53 keep their digits', () => {
  expect(dumpYaml(parseYaml('a: 12345678901234567890\nb: 0x7fffffffffffffff\n'))).toBe('a: 12345678901234567890\nb: 9223372036854775807\n')
})

test('a fault in a later document stands at its line of the file', () => {
  for (const [text, line] of [
    ['a: 1\n---\n\nb: [\n', 5],
    ['---\r\na: 1\r\n---\r\nb: 2\r\nc: }\r\n', 5],
  ] as const)
    expect(() => parseYamlDocuments(text)).toThrow(new RegExp(`\\(line ${line}, `))
})

test('a key given twice is told with its line, and the last counts', () => {
  expect(parseYamlStrictly('a: 1\nb: 2\na: 3\n')).toEqual({ value: { a: 3, b: 2 }, duplicates: ['line 3: key "a" is given twice'] })
})

test('merge keys are read in turn, as Go does: the last one counts', () => {
  expect(parseYaml('a: 1\n<<: {a: 2, b: 3}\nc: {<<: [{d: 4}, {d: 5}], "<<": {e: 6}}\n')).toEqual({ a: 2, b: 3, c: { d: 4, e: 6 } })
  expect(parseYaml('__proto__: {a: 1}\n')).toEqual(JSON.parse('{"__proto__": {"a": 1}}'))
})

test('documents are split at their separators only', () => {
  expect(parseYamlDocuments('---\na: 1\n--- # x\n---\n# none\n---\nb: |\n  ---\n')).toEqual([{ a: 1 }, null, { b: '---\n' }])
  expect(parseYamlDocuments('')).toEqual([])
})

test.each([
  [
    'random bytes',
    () => Buffer.from(Array.from({ length: 3000 }, () => Math.floor(Math.random() * 256))).toString('latin1') + '\n: [',
    /./,
  ],
  ['an alias to itself', () => 'a: &a [*a]\n', /contains itself/],
  [
    'aliases upon aliases',
    () =>
      [
        'a: &a [x,x,x,x,x,x,x,x,x]',
        ...[...'bcdefghi'].map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`).join()}]`),
      ].join('\n'),
    /too large/,
  ],
  ['an open list', () => 'a: [1, 2\n', /line \d+, column \d+/],
])('%s is refused in a line, quickly', (_, text, reason) => {
  const started = performance.now()
  let message = ''
  try {
    parseYaml(text())
  } catch (error) {
    message = String(error)
  }
  expect(message).toMatch(/^KadmError: not valid YAML: .{1,300}$/)
  expect(message).toMatch(reason)
  expect(performance.now() - started).toBeLessThan(5000) // what grows without bounds takes minutes
})
