/** The critical path: what the end waited for, step by step back to the beginning. Pure. */

export interface Work {
  readonly key: string
  readonly begin: number
  readonly end: number
  /** Keys of what it came after, or waited for while it ran. Those that are not there count for nothing. */
  readonly needs: readonly string[]
}

/** A piece of time of which only this work is the reason. */
export interface Stretch {
  readonly key: string
  readonly begin: number
  readonly end: number
}

/**
 * From `last` backwards: whatever of its needs ended latest was what it waited for, and what lies behind that end is its own doing, be it
 * within the work or before its begin. Stretches in the order of time, without gap or overlap, from `from` to the end of `last`; those of
 * no length are left out.
 */
export function criticalPath(works: readonly Work[], last: string, from: number): readonly Stretch[] {
  const byKey = new Map(works.map((work) => [work.key, work]))
  const seen = new Set<string>()
  const stretches: Stretch[] = []
  let current = byKey.get(last)
  let end = current?.end ?? from
  while (current !== undefined) {
    // Two that wait for each other in turn would lead round in a circle.
    seen.add(current.key)
    const limit = end
    const before = current.needs
      .flatMap((key) => byKey.get(key) ?? [])
      .filter((need) => need.end <= limit && need.end >= from && !seen.has(need.key))
      .reduce<Work | undefined>((latest, need) => (latest === undefined || need.end > latest.end ? need : latest), undefined)
    const begin = before?.end ?? from
    if (end > begin) stretches.push({ key: current.key, begin, end })
    end = begin
    current = before
  }
  return stretches.reverse()
}
