/** For what comes by itself in a while. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Looks again and again until there is something; throws after `timeout` milliseconds. */
export async function until<T>(look: () => Promise<T | undefined>, { timeout = 40_000, pause = 100 } = {}): Promise<T> {
  for (const end = performance.now() + timeout; ; await sleep(pause)) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > end) throw new Error(`it has not come within ${timeout / 1000} s`)
  }
}
