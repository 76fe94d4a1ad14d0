/** Container logs on disk. */
import { fieldOf, parseJson } from '../../json.ts'

/**
 * Takes the prefix off: CRI's `2026-01-02T03:04:05.6Z stderr F text` (a `P` line goes on in the next) or docker's
 * `{"log":"text\n",...}` behind cri-dockerd.
 * A line of neither form stays as it is.
 */
export function plainLogLines(lines: readonly string[]): readonly string[] {
  const plain: string[] = []
  let begun = ''
  for (const line of lines) {
    const [, tag, text] = /^\S+ (?:stdout|stderr) ([FP])(?::\S*)? (.*)$/s.exec(line) ?? []
    if (tag === 'P') {
      begun += text ?? ''
      continue
    }
    plain.push(begun + (text ?? dockerText(line) ?? line))
    begun = ''
  }
  return begun === '' ? plain : [...plain, begun]
}

function dockerText(line: string): string | undefined {
  if (!line.startsWith('{"log":')) return undefined
  const log = fieldOf(parseJson(line), 'log')
  return typeof log === 'string' ? log.replace(/\n$/, '') : undefined
}
