/** A source text with what is not code blanked out. Lengths and lines stay, so that a place in one is the same place in the other. */

export interface SourceText {
  /** From the project's root, e.g. `src/host/host.ts`. */
  readonly path: string
  readonly text: string
  /** Comments blanked. */
  readonly withoutComments: string
  /** Comments and the content of strings, templates and regular expressions blanked; code inside `${}` stays. */
  readonly code: string
}

export function sourceText(path: string, text: string): SourceText {
  const kinds = kindsOf(text)
  const keep = (wanted: (kind: Kind) => boolean): string =>
    Array.from({ length: text.length }, (_, i) => (wanted(kinds[i] ?? code) || text[i] === '\n' ? text[i] : ' ')).join('')
  return { path, text, withoutComments: keep((kind) => kind !== comment), code: keep((kind) => kind === code) }
}

export function lineOf({ text }: SourceText, index: number): number {
  return text.slice(0, index).split('\n').length
}

type Kind = 0 | 1 | 2
const code = 0
const literal = 1
const comment = 2

/** One token after the other; enough for this project's own sources. */
const tokens =
  /\/\/[^\n]*|\/\*[^]*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`|[{}]|\/(?![*/])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/g

function kindsOf(text: string): Uint8Array & { readonly [i: number]: Kind } {
  const kinds = new Uint8Array(text.length) as Uint8Array & { [i: number]: Kind }
  // Open braces; `true` where one is that of `${`, after which the template goes on.
  const braces: boolean[] = []
  let at = 0
  for (;;) {
    tokens.lastIndex = at
    const match = tokens.exec(text)
    if (match === null) return kinds
    const [token] = match
    const start = match.index
    at = start + token.length
    if (token === '{') braces.push(false)
    else if (token === '`' || (token === '}' && braces.pop() === true)) {
      const end = endOfTemplate(text, at)
      kinds.fill(literal, at, end.index)
      at = end.index + end.length
      if (end.length === 2) braces.push(true)
    } else if (token.startsWith('//') || token.startsWith('/*')) kinds.fill(comment, start, at)
    else if (token.startsWith('/') && !startsExpression(text.slice(Math.max(0, start - 100), start))) at = start + 1
    else if (token !== '}') kinds.fill(literal, start + 1, at - 1)
  }
}

/** Where the text of a template ends: at its backtick, or at `${` (length 2). */
function endOfTemplate(text: string, from: number): { readonly index: number; readonly length: number } {
  const match = /(?<!\\)(?:\\\\)*(?:`|\$\{)/g
  match.lastIndex = from
  const found = match.exec(text)
  if (found === null) return { index: text.length, length: 0 }
  const length = found[0].endsWith('`') ? 1 : 2
  return { index: found.index + found[0].length - length, length }
}

/** A `/` after a value divides; after anything else it begins a regular expression. */
function startsExpression(before: string): boolean {
  return /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|yield|await))\s*$/.test(before)
}
