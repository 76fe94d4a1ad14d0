/** A line of a Corefile with the block that it opens: a server, below it its plugins, below those their options. */
export interface CorefileEntry {
  readonly words: readonly string[]
  readonly entries: readonly CorefileEntry[]
}

/** Lines and blocks; `undefined` when the braces do not match. */
export function parseCorefile(text: string): readonly CorefileEntry[] | undefined {
  const stack: { words: readonly string[]; entries: CorefileEntry[] }[] = [{ words: [], entries: [] }]
  for (const line of text.split('\n')) {
    const words = line
      .replace(/(?:^|\s)#.*/, '')
      .split(/\s+/)
      .filter((word) => word !== '')
    if (words.length === 0) continue
    const top = stack.at(-1)
    if (top === undefined) return undefined
    if (words.length === 1 && words[0] === '}') {
      stack.pop()
      continue
    }
    const opens = words.at(-1) === '{'
    const entry = { words: opens ? words.slice(0, -1) : words, entries: [] }
    top.entries.push(entry)
    if (opens) stack.push(entry)
  }
  return stack.length === 1 ? stack[0]?.entries : undefined
}
