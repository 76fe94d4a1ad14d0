/** Lines of a table as kubeadm aligns them: each column 3 wider than its longest cell and at least 10, the last as long as it is. */
export function columns(rows: readonly (readonly string[])[]): string {
  const count = Math.max(...rows.map((cells) => cells.length))
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(10, 3 + Math.max(...rows.map((cells) => width(cells[column] ?? '')))),
  )
  return rows
    .map((cells) => `${cells.map((cell, column) => (column < count - 1 ? padded(cell, widths[column] ?? 0) : cell)).join('')}\n`)
    .join('')
}

export function padded(text: string, least: number): string {
  return text + ' '.repeat(Math.max(0, least - width(text)))
}

function width(text: string): number {
  return Array.from(text).length
}
