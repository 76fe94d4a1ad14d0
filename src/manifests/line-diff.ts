/** Two texts compared line by line, as `diff -u` prints it. */

export interface DiffLabels {
  readonly from: string
  readonly to: string
  /** Equal lines shown around each difference. */
  readonly context: number
}

/** Empty when there is no difference. Every line ends with a line feed, also where the text's last one does not. */
export function unifiedDiff(before: string, after: string, { from, to, context }: DiffLabels): string {
  const edits = lineEdits(linesOf(before), linesOf(after))
  const hunks = hunksOf(edits, context)
  return hunks.length === 0 ? '' : `--- ${from}\n+++ ${to}\n${hunks.map(hunkText).join('')}`
}

interface Edit {
  readonly kind: ' ' | '-' | '+'
  readonly line: string
  /** Of the line before and after, from 1; for a line that is not there, of the next one that is. */
  readonly before: number
  readonly after: number
}

/** A longest common subsequence stays; lines are taken away before others are put in their place. */
function lineEdits(before: readonly string[], after: readonly string[]): readonly Edit[] {
  const common = commonLengths(before, after)
  const at = (i: number, j: number): number => common[i]?.[j] ?? 0
  const edits: Edit[] = []
  let [i, j] = [0, 0]
  while (i < before.length || j < after.length) {
    const position = { before: i + 1, after: j + 1 }
    if (i < before.length && j < after.length && before[i] === after[j]) {
      edits.push({ kind: ' ', line: before[i] ?? '', ...position })
      i += 1
      j += 1
    } else if (j === after.length || (i < before.length && at(i + 1, j) >= at(i, j + 1))) {
      edits.push({ kind: '-', line: before[i] ?? '', ...position })
      i += 1
    } else {
      edits.push({ kind: '+', line: after[j] ?? '', ...position })
      j += 1
    }
  }
  return edits
}

/** By position in both: how many lines from there on can stay. Manifests have some hundred lines, so a table of all pairs does. */
function commonLengths(before: readonly string[], after: readonly string[]): readonly (readonly number[])[] {
  const table = Array.from({ length: before.length + 1 }, () => Array.from({ length: after.length + 1 }, () => 0))
  for (let i = before.length - 1; i >= 0; i -= 1) {
    const [row, next] = [table[i] ?? [], table[i + 1] ?? []]
    for (let j = after.length - 1; j >= 0; j -= 1)
      row[j] = before[i] === after[j] ? (next[j + 1] ?? 0) + 1 : Math.max(next[j] ?? 0, row[j + 1] ?? 0)
  }
  return table
}

/** Differences with what is around them; those whose surroundings touch are one. */
function hunksOf(edits: readonly Edit[], context: number): readonly (readonly Edit[])[] {
  const hunks: { start: number; end: number }[] = []
  for (const [index, { kind }] of edits.entries()) {
    if (kind === ' ') continue
    const [start, end] = [Math.max(0, index - context), Math.min(edits.length, index + 1 + context)]
    const last = hunks.at(-1)
    if (last !== undefined && start <= last.end) last.end = end
    else hunks.push({ start, end })
  }
  return hunks.map(({ start, end }) => edits.slice(start, end))
}

function hunkText(edits: readonly Edit[]): string {
  const [first] = edits
  const range = (start: number, count: number): string => (count === 1 ? `${start}` : `${count === 0 ? start - 1 : start},${count}`)
  const before = range(first?.before ?? 0, edits.filter(({ kind }) => kind !== '+').length)
  const after = range(first?.after ?? 0, edits.filter(({ kind }) => kind !== '-').length)
  return `@@ -${before} +${after} @@\n${edits.map(({ kind, line }) => `${kind}${line}\n`).join('')}`
}

function linesOf(text: string): readonly string[] {
  const lines = text.split('\n')
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}
