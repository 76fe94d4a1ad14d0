/** Takes everything off a container runtime. */
import { setTimeout as sleep } from 'node:timers/promises'
import { KadmError, messageOf } from '../../errors.ts'
import type { ContainerRuntime, PodSandbox } from './container-runtime.ts'

/**
 * Stops and removes all Pods side by side, each with up to 5 tries; that one of them does not go does not keep the others.
 * @throws KadmError CONTAINER_RUNTIME_FAILED when the runtime does not answer within 2 s, or with each Pod that is still there
 */
export async function removePods(runtime: ContainerRuntime, signal: AbortSignal): Promise<void> {
  await runtime.version()
  const pods = await runtime.pods()
  const failures = (await Promise.all(pods.map((pod) => removePod(runtime, pod, signal)))).filter((failure) => failure !== undefined)
  if (failures.length === 0) return
  throw new KadmError('CONTAINER_RUNTIME_FAILED', `${failures.length} of ${pods.length} Pods cannot be removed`, {
    details: failures,
    remedy: [`crictl --runtime-endpoint ${runtime.endpoint} rmp -f -a`],
  })
}

/** kubeadm's number. */
const tries = 5
/** Milliseconds for one Pod: a process that hangs in the kernel must not hold up the rest of a reset. */
const longestStop = 20_000

/** @returns why it is still there. */
async function removePod(runtime: ContainerRuntime, { id, namespace, name }: PodSandbox, signal: AbortSignal): Promise<string | undefined> {
  const over = new AbortController()
  const limit = sleep(longestStop, `it does not stop within ${longestStop / 1000} s`, { signal: AbortSignal.any([signal, over.signal]) })
  try {
    const why = await Promise.race([stopAndRemove(runtime, id, over.signal), limit])
    return why === undefined ? undefined : `Pod "${namespace}/${name}" (${id.slice(0, 13)}): ${why}`
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    over.abort()
    limit.catch(() => undefined)
  }
}

async function stopAndRemove(runtime: ContainerRuntime, id: string, over: AbortSignal): Promise<string | undefined> {
  let why: string | undefined
  for (let attempt = 1, pause = 20; attempt <= tries && !over.aborted; attempt += 1, pause *= 3) {
    try {
      await runtime.stopPod(id)
      await runtime.removePod(id)
      return undefined
    } catch (error) {
      why = messageOf(error)
      if (attempt < tries) await sleep(pause)
    }
  }
  return why
}
