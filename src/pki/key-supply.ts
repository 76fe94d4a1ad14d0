/** Private keys for a run, made in the background from its start: a leaf's key need not wait for its CA. */
import type { KeyObject } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { EncryptionAlgorithm } from '../config/model.ts'
import { newPrivateKey } from './keys.ts'

export interface KeySupply {
  /** A key that nobody else gets. `first`: before all others that wait for one. */
  take(options?: { readonly first?: boolean }): Promise<KeyObject>
  /** No more keys ahead of need; `take` still works. Those under way (at most three) keep the process alive until they are made. */
  stop(): void
}

/** `ahead` is how many keys are made without being asked for: those that the run is going to take (`countMissingKeys`). */
export function keySupply(algorithm: EncryptionAlgorithm, ahead: number): KeySupply {
  const ready: KeyObject[] = []
  const waiting: PromiseWithResolvers<KeyObject>[] = []
  let planned = ahead
  let underWay = 0

  const makeOne = async (): Promise<void> => {
    planned = Math.max(0, planned - 1)
    underWay += 1
    try {
      const key = await newPrivateKey(algorithm)
      const next = waiting.shift()
      if (next === undefined) ready.push(key)
      else next.resolve(key)
    } catch (error) {
      waiting.shift()?.reject(error) // nobody there: whoever asks next tries again and hears of it
    } finally {
      underWay -= 1
      refill()
    }
  }
  const isWanted = (): boolean => underWay < atOnce() && (underWay < waiting.length || planned > 0)
  const refill = (): void => {
    while (isWanted()) void makeOne()
  }
  refill()
  return {
    take: async ({ first = false } = {}) => {
      const key = ready.shift()
      if (key !== undefined) return key
      const mine = Promise.withResolvers<KeyObject>()
      if (first) waiting.unshift(mine)
      else waiting.push(mine)
      refill()
      return mine.promise
    },
    stop: () => {
      planned = 0
    },
  }
}

/** A thread of the pool (4 by default) stays free, or every file operation would queue behind the keys. */
function atOnce(): number {
  return Math.min(3, availableParallelism())
}
