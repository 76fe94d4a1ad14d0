/** How go-yaml v2 reads plain scalars and chooses the style of a string. Its emitter folds at column 80. */

/**
 * An integer as Go's ParseInt with base 0 reads it, after underscores are dropped; bigint where a number would lose digits, `undefined`
 * when it is none.
 */
export function goInteger(text: string): number | bigint | undefined {
  if (text.startsWith('_')) return undefined
  const match = /^([-+]?)(0[bB][01]+|0[oO][0-7]+|0[xX][0-9a-fA-F]+|0[0-7]+|0|[1-9][0-9]*)$/.exec(text.replaceAll('_', ''))
  const digits = match?.[2]
  if (match === null || digits === undefined) return undefined
  const magnitude = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits.toLowerCase())
  const value = match[1] === '-' ? -magnitude : magnitude
  if (value > 2n ** 64n - 1n || value < -(2n ** 63n)) return Number(value)
  return BigInt(Number(value)) === value ? Number(value) : value
}

/** A float as go-yaml reads it, `undefined` when it is none. */
export function goFloat(text: string): number | undefined {
  if (text.startsWith('_')) return undefined
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  if (/^\.(?:nan|NaN|NAN)$/.test(text)) return NaN
  const plain = text.startsWith('.') ? text : text.replaceAll('_', '')
  if (!/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(plain)) return undefined
  const value = Number(plain)
  return Number.isFinite(value) ? value : undefined
}

/** A number as Go prints it after a turn through JSON. */
export function integerText(value: number | bigint): string {
  if (typeof value === 'bigint' || (Number.isInteger(value) && Math.abs(value) < 1e21)) return String(BigInt(value))
  if (Number.isNaN(value)) return '.nan'
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf'
  const [digits = '', exponent = '0'] = value.toExponential().split('e')
  const power = Number(exponent)
  if (power >= -4 && power < 21) return String(value)
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}

/** Would this text, written without quotes, be read as something other than a string? */
export function isSpecialPlain(text: string): boolean {
  return specialWords.has(text) || goInteger(text) !== undefined || goFloat(text) !== undefined || isTimestamp(text) || isSexagesimal(text)
}

export interface ScalarPlace {
  /** Indentation of further lines; negative for a key, which is never broken. */
  readonly indent: number
  readonly column: number
  readonly doubleQuote: boolean
}

/** A string in the style that go-yaml gives it. */
export function quoted(text: string, place: ScalarPlace): string {
  const form = analyse(text)
  const isKey = place.indent < 0
  if (text.includes('\n')) return form.block && !isKey ? literal(text, place.indent) : doubleQuoted(text, place)
  if (place.doubleQuote) return doubleQuoted(text, place)
  if (form.plain) return fold(text, place)
  return form.single ? `'${fold(text.replaceAll("'", "''"), { ...place, column: place.column + 1 }, true)}'` : doubleQuoted(text, place)
}

const specialWords: ReadonlySet<string> = new Set(
  ['', '~', 'null', 'y', 'n', 'yes', 'no', 'true', 'false', 'on', 'off', '.nan'].flatMap((word) => [
    word,
    word.toUpperCase(),
    word.slice(0, 1).toUpperCase() + word.slice(1),
    word === '.nan' ? '.NaN' : word,
  ]),
)

function isTimestamp(text: string): boolean {
  const match =
    /^\d{4}-(\d{1,2})-(\d{1,2})(?:(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?(?:Z|[-+]\d\d:\d\d)| (\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?))?$/.exec(
      text,
    )
  if (match === null) return false
  const year = Number(text.slice(0, 4))
  const [month = 0, day = 0, ...clock] = match
    .slice(1)
    .filter((part) => part !== undefined)
    .map(Number)
  const [hour = 0, minute = 0, second = 0] = clock
  const daysInMonth = new Date(Date.UTC(year, month, 0)).getUTCDate()
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth && hour < 24 && minute < 60 && second < 60
}

/** YAML 1.1 read `1:30` as 90; go-yaml does not, but quotes it for readers that do. */
function isSexagesimal(text: string): boolean {
  return /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/.test(text)
}

function analyse(text: string): { readonly plain: boolean; readonly single: boolean; readonly block: boolean } {
  const unprintable = /[^\n\u0020-\u007e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]|[\ud800-\udfff]/.test(text)
  const lineBreak = /[\n\u2028\u2029]/.test(text)
  const breakThenSpace = /[\n\u2028\u2029] /.test(text)
  const spaceThenBreak = / [\n\u2028\u2029]/.test(text)
  const indicator = /^(?:---|\.\.\.)|^[#,[\]{}&*!|>'"%@`]|^[?:-](?:[ \t\n]|$)|:(?:[ \t\n]|$)|[ \t\n]#/.test(text)
  const edge = /^[ \n\u2028\u2029]|[ \n\u2028\u2029]$/.test(text)
  return {
    plain: !edge && !lineBreak && !breakThenSpace && !spaceThenBreak && !unprintable && !indicator,
    single: !breakThenSpace && !spaceThenBreak && !unprintable && !lineBreak,
    block: !spaceThenBreak && !unprintable && !text.endsWith(' '),
  }
}

function literal(text: string, indent: number): string {
  const hint = /^[ \n]/.test(text) ? '2' : ''
  const chomp = !text.endsWith('\n') ? '-' : text === '\n' || text.endsWith('\n\n') ? '+' : ''
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n')
  const pad = ' '.repeat(Math.max(indent, 2))
  return `|${hint}${chomp}\n${lines.map((line) => (line === '' ? '' : pad + line)).join('\n')}`
}

/** Breaks a line at the first single blank past column 80, as libyaml does. */
function fold(text: string, place: ScalarPlace, inQuotes = false): string {
  if (place.indent < 0 || place.column + text.length <= 80) return text
  let column = place.column
  let result = ''
  const chars = [...text]
  for (const [i, char] of chars.entries()) {
    const lone = char === ' ' && chars[i - 1] !== ' ' && chars[i + 1] !== ' '
    if (lone && column > 80 && (!inQuotes || (i > 0 && i < chars.length - 1))) {
      result += `\n${' '.repeat(place.indent)}`
      column = place.indent
    } else {
      result += char
      column++
    }
  }
  return result
}

function doubleQuoted(text: string, place: ScalarPlace): string {
  let column = place.column + 1
  let result = ''
  let afterSpace = false
  const chars = [...text]
  for (const [i, char] of chars.entries()) {
    if (char === ' ' && place.indent >= 0 && !afterSpace && column > 80 && i > 0 && i < chars.length - 1) {
      const guard = chars[i + 1] === ' ' ? '\\' : ''
      result += `\n${' '.repeat(place.indent)}${guard}`
      column = place.indent + guard.length
      afterSpace = true
      continue
    }
    const shown = escaped(char)
    result += shown
    column += shown.length
    afterSpace = char === ' '
  }
  return `"${result}"`
}

const escapes: Readonly<Record<string, string>> = {
  '\0': '0',
  '\x07': 'a',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '\x1b': 'e',
  '"': '"',
  '\\': '\\',
  '\x85': 'N',
  '\u2028': 'L',
  '\u2029': 'P',
}

function escaped(char: string): string {
  const short = escapes[char]
  if (short !== undefined) return `\\${short}`
  if (/^[\u0020-\u007e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]$/.test(char)) return char
  const code = char.codePointAt(0) ?? 0
  const hex = code.toString(16).toUpperCase()
  return code < 0x100 ? `\\x${hex.padStart(2, '0')}` : code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}
