/** Durations as Go writes them: `4m0s`, `8760h0m0s`, `1.5ms`. */

/** Nanoseconds, or `undefined` when Go would not read it (or it does not fit 64 bits). */
export function durationNanoseconds(text: string): bigint | undefined {
  const match = /^([-+]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.exec(text)
  if (match === null) return /^[-+]?0$/.test(text) ? 0n : undefined
  let total = 0n
  for (const [, whole = '', fraction = '', unit = ''] of (match[2] ?? '').matchAll(/(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g)) {
    const scale = units[unit] ?? 1n
    total += BigInt(whole === '' ? '0' : whole) * scale
    if (fraction !== '') total += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length)
  }
  const limit = match[1] === '-' ? 2n ** 63n : 2n ** 63n - 1n
  if (total > limit) return undefined
  return match[1] === '-' ? -total : total
}

/** Of the right form, and more than 64 bits of nanoseconds hold. */
export function isLongDuration(text: string): boolean {
  return durationNanoseconds(text) === undefined && durationNanoseconds(text.replaceAll(/\d+/g, '1')) !== undefined
}

/** Milliseconds, or `undefined` when Go would not read it. */
export function parseDuration(text: string): number | undefined {
  const nanoseconds = durationNanoseconds(text)
  return nanoseconds === undefined ? undefined : Number(nanoseconds) / 1e6
}

/** Milliseconds in Go's words: 240_000 is `4m0s`, 0 is `0s`. */
export function formatDuration(milliseconds: number): string {
  return formatNanoseconds(BigInt(Math.trunc(milliseconds)) * 1_000_000n + BigInt(Math.round((milliseconds % 1) * 1e6)))
}

/** The same for nanoseconds. */
export function formatNanoseconds(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return '0s'
  const sign = nanoseconds < 0n ? '-' : ''
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds
  for (const [unit, scale, below] of [
    ['ns', 1n, 1_000n],
    ['µs', 1_000n, 1_000_000n],
    ['ms', 1_000_000n, 1_000_000_000n],
  ] as const) {
    if (size < below) return `${sign}${decimal(size, scale)}${unit}`
  }
  const minutes = size / 60_000_000_000n
  const seconds = `${decimal(size % 60_000_000_000n, 1_000_000_000n)}s`
  if (minutes === 0n) return sign + seconds
  return minutes < 60n ? `${sign}${minutes}m${seconds}` : `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`
}

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

function decimal(value: bigint, scale: bigint): string {
  const fraction = String(value % scale)
    .padStart(String(scale).length - 1, '0')
    .replace(/0+$/, '')
  return scale === 1n || fraction === '' ? String(value / scale) : `${value / scale}.${fraction}`
}
