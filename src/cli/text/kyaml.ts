/** KYAML as Kubernetes prints it: YAML in braces, every text in double quotes, a line of its own for each line of a longer text. */
import type { Json } from '../../json.ts'

/** One document with its separator. Keys must be plain words, as the fields of API objects are. */
export function dumpKyaml(value: Json): string {
  return `---\n${node(value, 0)}\n`
}

function node(value: Json, indent: number): string {
  if (typeof value === 'string') return quoted(value, indent + 1)
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return sequence(value, indent)
  const entries = Object.entries(value)
  if (entries.length === 0) return '{}'
  const lines = entries.map(([key, child]) => `${blanks(indent + 1)}${key}: ${node(child, indent + 1)},\n`)
  return `{\n${lines.join('')}${blanks(indent)}}`
}

function sequence(items: readonly Json[], indent: number): string {
  if (items.length === 0) return '[]'
  if (items.every((item) => typeof item === 'object' && item !== null)) return `[${items.map((item) => node(item, indent)).join(', ')}]`
  return `[\n${items.map((item) => `${blanks(indent + 1)}${node(item, indent + 1)},\n`).join('')}${blanks(indent)}]`
}

// A backslash at the end of a line joins it with the next one, whose blanks before the first other character do not count.
function quoted(text: string, indent: number): string {
  if (!text.includes('\n')) return `"${escaped(text)}"`
  const lines = text.split('\n')
  const ends = lines.at(-1) === ''
  const rows = (ends ? lines.slice(0, -1) : lines).map((line, index, all) => {
    const start = /^\s/u.test(line) ? '\\' : ' '
    return `${blanks(indent)}${start}${escaped(line)}${index < all.length - 1 || ends ? String.raw`\n` : ''}\\\n`
  })
  return `"\\\n${rows.join('')}${blanks(indent)}"`
}

function escaped(text: string): string {
  return Array.from(text, (character) => {
    const known = named[character]
    if (known !== undefined) return known
    if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} \t]$/u.test(character)) return character
    const code = character.codePointAt(0) ?? 0
    if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`
    return code > 0xff_ff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`
  }).join('')
}

const named: Readonly<Record<string, string>> = {
  '"': String.raw`\"`,
  '\\': String.raw`\\`,
  '\0': String.raw`\0`,
  '\u0007': String.raw`\a`,
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\r': String.raw`\r`,
  '\v': String.raw`\v`,
  '\u001b': String.raw`\e`,
  '\u0085': String.raw`\N`,
  '\u00a0': String.raw`\_`,
  '\u2028': String.raw`\L`,
  '\u2029': String.raw`\P`,
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}

function blanks(indent: number): string {
  return '  '.repeat(indent)
}
