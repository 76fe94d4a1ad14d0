import type { Host } from '../host/host.ts'
import { failed, passed, type Check } from './check.ts'

/** Megabytes; kubeadm's ControlPlaneMem: what a machine sold with 2 GB has at least. */
const required = 1700

export function memory(host: Pick<Host, 'facts'>): Check {
  return {
    name: 'Mem',
    requires: `at least ${required} MB of memory`,
    run: async () => {
      const megabytes = Math.floor((await host.facts()).memory / 1024 / 1024)
      return megabytes >= required ? passed : failed(`the system RAM (${megabytes} MB) is less than the minimum ${required} MB`)
    },
  }
}
