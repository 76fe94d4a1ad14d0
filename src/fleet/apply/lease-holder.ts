/**
 * Which process holds the Lease of a cluster. Who comes next on the same machine sees that it is gone, and need not wait until the Lease
 * ends.
 */
import type { Host } from '../../host/host.ts'
import { startTimeIn } from '../../host/lock.ts'

type Machine = Pick<Host, 'query' | 'readText'>

export interface LeaseHolder {
  /** Of this process; of one boot of one machine and one namespace of processes there. */
  readonly own: string
  /** `false` also of one that cannot be seen from here. */
  readonly isGone: (holder: string) => Promise<boolean>
}

/** @param machine the one that kadm runs on */
export async function leaseHolder(machine: Machine): Promise<LeaseHolder> {
  const [boot = '', { stdout: namespace }] = await Promise.all([
    machine.readText('/proc/sys/kernel/random/boot_id'),
    machine.query(['readlink', '/proc/self/ns/pid']),
  ])
  const place = `${boot.trim()} ${namespace.trim()}`
  const processAt = async (pid: string): Promise<string> =>
    `${place} ${pid} ${startTimeIn((await machine.readText(`/proc/${pid}/stat`)) ?? '') ?? 'gone'}`
  return {
    own: await processAt(String(process.pid)),
    isGone: async (holder) => {
      const [, pid] = holder.startsWith(`${place} `) ? holder.slice(place.length).split(' ') : []
      return pid !== undefined && /^\d+$/.test(pid) && (await processAt(pid)) !== holder
    },
  }
}
