/** One line at the bottom of a terminal that says what is under way; nothing where there is no terminal. */
export interface StatusLine {
  readonly show: (text: string) => void
  /** Takes it away, so that other lines can be written. */
  readonly clear: () => void
}

export function statusLine(stream: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number }): StatusLine {
  const width = stream.isTTY === true ? (stream.columns ?? 0) : 0
  const write = (text: string): void => void (width > 20 && stream.write(`\r\u001b[K${text.slice(0, width - 1)}`))
  return { show: write, clear: () => write('') }
}
