/** Tells when containers have changed. */
import type { CriClient } from './cri-client.ts'

/**
 * Yields at once, then at each event of the runtime, until the signal fires. A runtime without events (CRI-O by default) is looked
 * at in growing intervals from 20 to 250 ms. Also with events there is a look every 500 ms: containerd 1.7 gives each event to one listener
 * only.
 */
export async function* criChanges(client: CriClient, signal: AbortSignal): AsyncGenerator<void> {
  let isStreaming = true
  let hasNews = false
  let wake = (): void => undefined
  const onMessage = (): void => {
    hasNews = true
    wake()
  }
  const onEnd = (): void => {
    isStreaming = false
    wake()
  }
  const onAbort = (): void => wake()
  const end = await client.stream('runtime.v1.RuntimeService/GetContainerEvents', { onMessage, onEnd })
  signal.addEventListener('abort', onAbort)
  try {
    for (let interval = 20; !signal.aborted; interval = Math.min(interval * 1.5, 250)) {
      hasNews = false
      yield
      if (hasNews || signal.aborted) continue
      const pause = isStreaming ? 500 : interval
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    end()
  }
}
