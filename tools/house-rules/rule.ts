import type { SourceText } from './source-text.ts'

export interface Rule {
  readonly name: string
  readonly find: (source: SourceText) => readonly Finding[]
}

export interface Finding {
  /** Place in the text. */
  readonly index: number
  readonly message: string
}

/** A finding for each match in the code of a file. */
export function findAll(text: string, pattern: RegExp, message: (match: RegExpExecArray) => string | undefined): readonly Finding[] {
  return [...text.matchAll(pattern)].flatMap((match) => {
    const told = message(match)
    return told === undefined ? [] : [{ index: match.index, message: told }]
  })
}
