/**
 * The value of `--<name>=<value>` in a command, or of `--<name>` and the word after it; of several the last, as components take it. `undefined`
 * when it is not there or empty.
 */
export function commandFlag(command: readonly string[], name: string): string | undefined {
  const words = command.map((word) => word.trim())
  const at = words.findLastIndex((word) => word === `--${name}` || word.startsWith(`--${name}=`))
  return (words[at] === `--${name}` ? words[at + 1] : words[at]?.slice(`--${name}=`.length)) || undefined
}
