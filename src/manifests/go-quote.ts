/** A string as Go's `%q` prints it: kubeadm writes some files so, and reads them back. */
export function quoteAsGo(text: string): string {
  const quoted = Array.from(text, (character) => {
    const known = named[character]
    if (known !== undefined) return known
    const code = character.codePointAt(0) ?? 0
    if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`
    if (printable.test(character)) return character
    return code > 0xff_ff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`
  })
  return `"${quoted.join('')}"`
}

const named: Readonly<Record<string, string>> = {
  '"': String.raw`\"`,
  '\\': String.raw`\\`,
  '\u0007': String.raw`\a`,
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\v': String.raw`\v`,
}

// Letters, marks, numbers, punctuation, symbols, and of all blanks the plain one.
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}
