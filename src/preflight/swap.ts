import type { Host } from '../host/host.ts'
import { passed, warned, type Check } from './check.ts'

export function swap(host: Pick<Host, 'readText'>): Check {
  return {
    name: 'Swap',
    requires: 'no swap (a warning)',
    run: async () => {
      // A heading, then one line for each swap area. No such file: a kernel without swap.
      const areas = ((await host.readText('/proc/swaps')) ?? '').trimEnd().split('\n').slice(1)
      if (areas.length === 0) return passed
      return warned(
        'swap is supported for cgroup v2 only, and the kubelet must be configured for it (memorySwap, failSwapOn), or else swap be off: swapoff -a',
      )
    },
  }
}
