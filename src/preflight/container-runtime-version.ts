import type { ContainerRuntime } from '../host/cri/container-runtime.ts'
import { passed, warned, type Check } from './check.ts'

/** `RuntimeConfig` is how a kubelet learns the cgroup driver; a kubelet of 1.38 has no other way (KEP 4033). */
export function containerRuntimeVersion(runtime: ContainerRuntime): Check {
  return {
    name: 'ContainerRuntimeVersion',
    requires: 'a container runtime with the CRI method RuntimeConfig (a warning)',
    run: async () => {
      if (await runtime.hasRuntimeConfig()) return passed
      const { name, version } = await runtime.version()
      return warned(
        `${name} ${version} has no CRI method RuntimeConfig, which the kubelet needs from 1.38 on to learn the cgroup driver: update it (containerd 2.0, CRI-O 1.28 or newer)`,
      )
    },
  }
}
