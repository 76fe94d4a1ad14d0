/** The name among the known ones that was probably meant; `undefined` when none is near. */
export function nearestName(given: string, known: readonly string[]): string | undefined {
  const wanted = given.toLowerCase()
  const ranked = known.map((name) => ({ name, distance: editDistance(wanted, name.toLowerCase()) })).sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best !== undefined && best.distance <= Math.max(1, Math.floor(given.length / 3)) && given.length < 100 ? best.name : undefined
}

/** Levenshtein. */
function editDistance(a: string, b: string): number {
  if (a.length > 100 || b.length > 100) return 100
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (const [i, char] of [...a].entries()) {
    const row = [i + 1]
    for (const [j, other] of [...b].entries()) {
      row.push(Math.min((previous[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1, (previous[j] ?? 0) + (char === other ? 0 : 1)))
    }
    previous = row
  }
  return previous[b.length] ?? 0
}
