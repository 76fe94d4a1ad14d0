/** YAML as Kubernetes reads and writes it: sigs.k8s.io/yaml over go-yaml v2, so YAML 1.1 with `yes`, `0644` and merge keys. */
import {
  boolYaml11Tag,
  defineMappingTag,
  defineScalarTag,
  load,
  NOT_RESOLVED,
  nullYaml11Tag,
  Schema,
  seqTag,
  strTag,
  YAMLException,
} from 'js-yaml'
import { KadmError, messageOf } from '../errors.ts'
import { goFloat, goInteger, integerText, isSpecialPlain, quoted } from './yaml-scalar.ts'

/**
 * One document. Empty text is `null`; integers that a number cannot hold are bigint; of a key given twice the last counts. Throws
 * CONFIG_SYNTAX with the line.
 */
export function parseYaml(text: string): unknown {
  return parseYamlStrictly(text).value
}

/**
 * As `parseYaml`; `duplicates` tells which keys are given twice, by hand or by a merge key; the line stands with the first.
 * @param linesBefore of the file, for a document that is not its first
 */
export function parseYamlStrictly(text: string, linesBefore = 0): { readonly value: unknown; readonly duplicates: readonly string[] } {
  const keys: string[] = []
  try {
    const value = loadOne(text, (key) => {
      keys.push(key)
      return ''
    })
    const line = keys.length > 0 ? linesBefore + lineOfDuplicate(text) : 0
    return { value, duplicates: keys.map((key, index) => `${index === 0 ? `line ${line}: ` : ''}key "${clip(key)}" is given twice`) }
  } catch (error) {
    throw syntaxError(error, linesBefore)
  }
}

/** All documents of a text, split as kubeadm splits them; one that holds only comments is `null`, one without any line is none. */
export function parseYamlDocuments(text: string): unknown[] {
  return splitYamlDocuments(text).map((document) => parseYamlStrictly(document.text, document.linesBefore).value)
}

/**
 * Splits at lines that begin with `---`; only a comment may follow on such a line. Rules of the YAML reader of apimachinery:
 * documents without a single line are left out, a blank line makes a document.
 */
export function splitYamlDocuments(text: string): readonly YamlDocument[] {
  const documents: YamlDocument[] = []
  let lines: string[] = []
  const rows = text.split(/\r?\n/)
  if (rows.at(-1) === '') rows.pop()
  const endAt = (row: number): void => {
    if (lines.length > 0) documents.push({ text: `${lines.join('\n')}\n`, linesBefore: row - lines.length })
    lines = []
  }
  for (const [index, row] of rows.entries()) {
    if (!row.startsWith('---')) {
      lines.push(row)
      continue
    }
    const rest = row.slice(3).trim()
    if (rest !== '' && !rest.startsWith('#'))
      throw syntaxError(new Error(`the document separator "${clip(row)}" has more than a comment on its line`))
    endAt(index)
  }
  endAt(rows.length)
  return documents
}

export interface YamlDocument {
  readonly text: string
  /** Of the file. */
  readonly linesBefore: number
}

/** YAML text as Go prints it: keys sorted, lists not indented below their key. Values that are `undefined` are left out. */
export function dumpYaml(value: unknown): string {
  return `${node(value, 0, 0)}\n`
}

const integerTag = defineScalarTag<number | bigint>('tag:yaml.org,2002:int', {
  implicit: true,
  implicitFirstChars: ['-', '+', ...'0123456789'],
  identify: () => false,
  resolve: (text) => goInteger(text) ?? NOT_RESOLVED,
})
const floatTag = defineScalarTag<number>('tag:yaml.org,2002:float', {
  implicit: true,
  implicitFirstChars: ['-', '+', '.', ...'0123456789'],
  identify: () => false,
  resolve: (text) => goFloat(text) ?? NOT_RESOLVED,
})
const binaryTag = defineScalarTag<string>('tag:yaml.org,2002:binary', {
  identify: () => false,
  resolve: (text) => Buffer.from(text, 'base64').toString('utf8'),
})
/**
 * Mappings as go-yaml v2 fills them: each pair and each merge key (`<<`) in turn, the last one counts. `onDuplicate` may return an error.
 */
function goSchema(onDuplicate: (key: string) => string): Schema {
  const put = (target: Record<string, unknown>, key: string, value: unknown): string => {
    const error = Object.hasOwn(target, key) ? onDuplicate(key) : ''
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
    return error
  }
  const mapTag = defineMappingTag<Record<string, unknown>>('tag:yaml.org,2002:map', {
    create: () => ({}),
    identify: () => false,
    has: () => false,
    keys: (map) => Object.keys(map),
    get: (map, key) => map[String(key)],
    addPair: (target, key, value) => {
      if (typeof key === 'object') return 'a key must be a text, a number or a boolean'
      if (key !== '<<') return put(target, String(key), value)
      // Backwards, as the earlier of several sources goes before the later ones.
      for (const source of Array.isArray(value) ? value.toReversed() : [value]) {
        if (typeof source !== 'object' || source === null || Array.isArray(source))
          return 'a merge key needs a mapping or a list of mappings'
        for (const [name, part] of Object.entries(source)) {
          const error = put(target, name, part)
          if (error !== '') return error
        }
      }
      return ''
    },
  })
  return new Schema([strTag, seqTag, mapTag, nullYaml11Tag, boolYaml11Tag, integerTag, floatTag, binaryTag])
}

/** Reads once more, to stop where the first key is given twice. */
function lineOfDuplicate(text: string): number {
  try {
    load(text, { schema: goSchema((key) => `duplicate ${key}`), maxAliases: limits.aliases })
  } catch (error) {
    return error instanceof YAMLException ? (error.mark?.line ?? 0) + 1 : 1
  }
  return 1
}

/** More than any configuration holds; a text that grows past it through aliases is an attack or an accident. */
const limits = { aliases: 1000, nodes: 200_000, depth: 200 }

function loadOne(text: string, onDuplicate: (key: string) => string): unknown {
  if (/^\s*(?:#[^\n]*\n?\s*)*$/.test(text)) return null
  const value = load(text, { schema: goSchema(onDuplicate), maxAliases: limits.aliases })
  let nodes = 0
  const visit = (part: unknown, depth: number): void => {
    if (++nodes > limits.nodes || depth > limits.depth)
      throw new Error('the document is too large or contains itself when its aliases are followed')
    if (typeof part === 'object' && part !== null) for (const child of Object.values(part)) visit(child, depth + 1)
  }
  visit(value, 0)
  return value
}

function syntaxError(error: unknown, linesBefore = 0): KadmError {
  if (error instanceof KadmError) return error
  const at =
    error instanceof YAMLException && error.mark !== undefined
      ? ` (line ${linesBefore + error.mark.line + 1}, column ${error.mark.column + 1})`
      : ''
  const reason = error instanceof YAMLException ? error.reason : messageOf(error)
  return new KadmError('CONFIG_SYNTAX', `not valid YAML: ${clip(reason)}${at}`, {
    remedy: ['kadm config print init-defaults   # documents of the right form, to correct the YAML by'],
    cause: error,
  })
}

function clip(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

/** `indent`: of the node's own lines; `column`: where its first line starts. The first line comes without indentation. */
function node(value: unknown, indent: number, column: number): string {
  if (Array.isArray(value)) return sequence(value, indent)
  if (typeof value === 'object' && value !== null) return mapping(value, indent)
  return scalar(value, indent, column)
}

function sequence(items: readonly unknown[], indent: number): string {
  if (items.length === 0) return '[]'
  return items.map((item) => `- ${node(item, indent + 2, indent + 2)}`).join(`\n${' '.repeat(indent)}`)
}

function mapping(value: object, indent: number): string {
  const entries = Object.entries(value).filter(([, child]) => child !== undefined)
  if (entries.length === 0) return '{}'
  const lines = entries
    .sort(([a], [b]) => naturalOrder(a, b))
    .map(([key, child]) => {
      const name = `${scalar(key, -1, 0)}:`
      if (Array.isArray(child) && child.length > 0) return `${name}\n${' '.repeat(indent)}${sequence(child, indent)}`
      if (isFilledObject(child)) return `${name}\n${' '.repeat(indent + 2)}${mapping(child, indent + 2)}`
      return `${name} ${node(child, indent + 2, indent + name.length + 1)}`
    })
  return lines.join(`\n${' '.repeat(indent)}`)
}

function scalar(value: unknown, indent: number, column: number): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number' || typeof value === 'bigint') return integerText(value)
  if (typeof value !== 'string') return String(value)
  return quoted(value, { indent, column, doubleQuote: isSpecialPlain(value) || (indent < 0 && value === '<<') })
}

function isFilledObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).some((child) => child !== undefined)
}

/** go-yaml sorts keys as people do: digits by their number, letters after what is none. */
function naturalOrder(a: string, b: string): number {
  const left = [...a]
  const right = [...b]
  for (const [i, l] of left.entries()) {
    const r = right[i]
    if (r === undefined) return 1
    if (l === r) continue
    const [lLetter, rLetter] = [/\p{L}/u.test(l), /\p{L}/u.test(r)]
    if (lLetter && rLetter) return l < r ? -1 : 1
    if (lLetter || rLetter) return rLetter ? -1 : 1
    const numbers = [left, right].map((chars) => /^\d*/.exec(chars.slice(i).join(''))?.[0] ?? '')
    const [m, n] = [Number(numbers[0]), Number(numbers[1])]
    if (m !== n) return m - n
    const lengths = (numbers[0] ?? '').length - (numbers[1] ?? '').length
    if (lengths !== 0) return lengths
    return l < r ? -1 : 1
  }
  return left.length - right.length
}
