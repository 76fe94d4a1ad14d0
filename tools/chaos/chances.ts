/** Chances that can be had again: the same seed gives the same ones. */

export interface Chances {
  /** From `low` up to, but not including, `high`. */
  readonly between: (low: number, high: number) => number
  readonly pick: <T>(list: readonly [T, ...T[]]) => T
}

/** @param seed a whole number from 0 up to 2^32 */
export function chances(seed: number): Chances {
  let state = seed >>> 0
  // mulberry32 (Tommy Ettinger, public domain): 32 bits of state, and neighbouring seeds have nothing in common.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    between: (low, high) => low + next() * (high - low),
    pick: (list) => list[Math.floor(next() * list.length)] ?? list[0],
  }
}
