/** The lines of remedies in the sources, as far as a text shows them: a value in them is `X`. */
import { globSync, readFileSync } from 'node:fs'
import { lineOf, sourceText, type SourceText } from '../../tools/house-rules/source-text.ts'

export interface RemedyLine {
  /** `src/host/command.ts:53`. */
  readonly place: string
  readonly text: string
}

/** Literals of what is called a remedy, and all that have prose behind a command. */
export function remedyLines(): readonly RemedyLine[] {
  return globSync('src/**/*.ts').toSorted().flatMap(linesOf)
}

function linesOf(file: string): readonly RemedyLine[] {
  const content = readFileSync(file, 'utf8')
  if (!/remed| {3}# /i.test(content)) return []
  const source = sourceText(file, content)
  const spans = [...source.code.matchAll(/\bremed(?:y|ies)\??\s*[:=]|\bfunction \w*[rR]emed\w*\(/g)].map(({ index }) => ({
    from: index,
    to: endOf(source.code, index),
  }))
  return literalsOf(source)
    .filter(({ index, text }) => / {3}# /.test(text) || spans.some(({ from, to }) => index > from && index < to))
    .filter(({ index }) => isLine(source.code.slice(0, index)))
    .map(({ index, text }) => ({ place: `${file}:${lineOf(source, index)}`, text }))
}

/** Of an expression, or of a function with its body. */
function endOf(code: string, from: number): number {
  const isFunction = code.startsWith('function', from)
  let depth = 0
  for (let at = from; at < code.length; at++) {
    const letter = code[at] ?? ''
    if ('([{'.includes(letter)) depth++
    else if (')]}'.includes(letter)) depth--
    if (depth < 0 || (depth === 0 && (isFunction ? letter === '}' : letter === ',' || (letter === '\n' && isOver(code, at))))) return at
  }
  return code.length
}

/** No line goes on with what is above or begins with what is below. */
function isOver(code: string, at: number): boolean {
  return !/[=:?&|>]\s*$/.test(code.slice(Math.max(0, at - 20), at)) && !/^\s*[?:.&|]/.test(code.slice(at, at + 100))
}

/** Not an argument of a call, nor what something is compared with, nor a part of another text. */
function isLine(before: string): boolean {
  return /(?:[[,?:=]|=>|\breturn)\s*$/.test(before) && !/[=!]==\s*$/.test(before)
}

interface Literal {
  readonly index: number
  readonly text: string
}

function literalsOf({ code, text }: SourceText): readonly Literal[] {
  const found: Literal[] = []
  for (let at = 0; at < code.length; at++) {
    const quote = code[at] ?? ''
    if (quote !== "'" && quote !== '"' && quote !== '`') continue
    const { end, content } = literalAt({ code, text }, at)
    found.push({ index: at, text: content.replaceAll(/\\(.)/g, '$1') })
    at = end
  }
  return found
}

function literalAt({ code, text }: Pick<SourceText, 'code' | 'text'>, start: number): { readonly end: number; readonly content: string } {
  const quote = code[start]
  let content = ''
  for (let at = start + 1; at < code.length; at++) {
    if (code[at] === quote) return { end: at, content }
    if (quote === '`' && code.startsWith('${', at)) {
      at = endOfValue({ code, text }, at + 2)
      content += 'X'
    } else content += text[at]
  }
  return { end: code.length, content }
}

function endOfValue(source: Pick<SourceText, 'code' | 'text'>, start: number): number {
  let depth = 1
  for (let at = start; at < source.code.length; at++) {
    const letter = source.code[at] ?? ''
    if (letter === '{') depth++
    else if (letter === '}' && --depth === 0) return at
    else if (letter === "'" || letter === '"' || letter === '`') at = literalAt(source, at).end
  }
  return source.code.length
}
