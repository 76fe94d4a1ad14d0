/** The only place where text becomes part of a line for a shell. */

/**
 * One word for any POSIX shell, whatever is in it; also what the user is shown to paste. A NUL cannot be in a word and throws RangeError.
 */
export function shellQuote(word: string): string {
  if (word.includes('\0')) throw new RangeError('a NUL cannot be given to a program')
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** The words of a command, as a line. */
export function shellLine(words: readonly string[]): string {
  return words.map(shellQuote).join(' ')
}
