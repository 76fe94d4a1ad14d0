/**
 * The end of a log as a person can read it: a line that only repeats another is shown once, a long one loses its middle, what a crash
 * prints of its stack is left out.
 */
export function readableLog(log: readonly string[]): readonly string[] {
  const shown: string[] = []
  const seen = new Set<string>()
  const trace = log.findIndex((line) => /^goroutine \d+ \[/.test(line))
  for (const line of (trace === -1 ? log : log.slice(0, trace)).toReversed()) {
    if (line.trim() === '') continue
    // Times and numbers of attempts apart.
    const text = line.replace(/\d+/g, '0')
    if (seen.has(text)) continue
    seen.add(text)
    shown.unshift(shortened(line))
    if (shown.length === most) break
  }
  return shown
}

const most = 15
const longest = 300

/** What went wrong stands at the end of a line, who says it at its beginning. */
function shortened(line: string): string {
  return line.length <= longest ? line : `${line.slice(0, longest / 3)} … ${line.slice(-(longest * 2) / 3)}`
}
