/** The value of `--<name>=<value>` in a command; of several the last, as components take it. `undefined` when it is not there or empty. */
export function commandFlag(command: readonly string[], name: string): string | undefined {
  const found = command.findLast((word) => word.trim().startsWith(`--${name}=`))
  return found?.trim().slice(`--${name}=`.length) || undefined
}
