/** A stream of answers, each of which ends with a line of its own: a mark and the exit code. */

export interface MarkedStream {
  take(chunk: Buffer): void
  /**
   * What comes up to this mark. Marks come in the order in which they are asked for here, ahead of the bytes; bytes that nobody waits for
   * are let go.
   */
  until(mark: string): Promise<Marked>
  /** What has come of the answer that is waited for. */
  held(): Buffer
  /** Bytes of that. */
  size(): number
}

export interface Marked {
  readonly content: Buffer
  readonly code: number
}

const longestCode = '255\n'.length

export function markedStream(): MarkedStream {
  const waiting: { readonly mark: string; readonly resolve: (marked: Marked) => void }[] = []
  let chunks: Buffer[] = []
  let size = 0
  const hold = (bytes: Buffer): void => {
    chunks = bytes.length === 0 ? [] : [bytes]
    size = bytes.length
  }
  /** @param fresh bytes at the end that were not looked at yet */
  const cut = (fresh: number): void => {
    const [next] = waiting
    if (next === undefined) return hold(Buffer.alloc(0))
    const line = `\n${next.mark} `
    const tail = tailOf(chunks, fresh + line.length + longestCode)
    const start = tail.indexOf(line, 0, 'latin1')
    const end = start < 0 ? -1 : tail.indexOf('\n', start + line.length, 'latin1')
    if (end < 0) return
    const whole = Buffer.concat(chunks)
    const before = size - tail.length
    const rest = whole.subarray(before + end + 1)
    waiting.shift()
    next.resolve({ content: whole.subarray(0, before + start), code: Number(tail.subarray(start + line.length, end).toString('latin1')) })
    hold(rest)
    if (rest.length > 0) cut(rest.length)
  }
  return {
    take: (chunk) => {
      chunks.push(chunk)
      size += chunk.length
      cut(chunk.length)
    },
    until: (mark) => new Promise((resolve) => waiting.push({ mark, resolve })),
    held: () => Buffer.concat(chunks),
    size: () => size,
  }
}

function tailOf(chunks: readonly Buffer[], length: number): Buffer {
  const last: Buffer[] = []
  let size = 0
  for (let index = chunks.length - 1; index >= 0 && size < length; index--) {
    const chunk = chunks[index] ?? Buffer.alloc(0)
    last.unshift(chunk)
    size += chunk.length
  }
  return Buffer.concat(last).subarray(-length)
}
