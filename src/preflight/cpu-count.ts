import type { Host } from '../host/host.ts'
import { failed, passed, type Check } from './check.ts'

/** kubeadm's ControlPlaneNumCPU. */
const required = 2

export function cpuCount(host: Pick<Host, 'facts'>): Check {
  return {
    name: 'NumCPU',
    requires: `at least ${required} CPUs`,
    run: async () => {
      const { cpus } = await host.facts()
      return cpus >= required ? passed : failed(`the number of available CPUs ${cpus} is less than the required ${required}`)
    },
  }
}
