import type { ContainerRuntime } from '../host/cri/container-runtime.ts'
import { failed, passed, type Check } from './check.ts'

/** Does it answer, and is it ready? The Pod network is not looked at: it comes after init. */
export function containerRuntime(runtime: ContainerRuntime): Check {
  return {
    name: 'CRI',
    requires: 'a container runtime that answers over CRI v1 and is ready',
    run: async () => {
      await runtime.version()
      const { runtimeReady, message } = await runtime.status()
      return runtimeReady ? passed : failed(`the container runtime behind ${runtime.endpoint} is not ready: ${message}`)
    },
  }
}
