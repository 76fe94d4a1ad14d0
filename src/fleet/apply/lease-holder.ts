/**
 * Which process holds the Lease of a cluster. Who comes next on the same machine sees that it is gone, and need not wait until the Lease
 * ends.
 */
import { pidSpace, startTimeOf } from '../../host/local-lock.ts'

export interface LeaseHolder {
  /** Of this process; of one boot of one machine and one namespace of processes there. */
  readonly own: string
  /** `false` also of one that cannot be seen from here. */
  readonly isGone: (holder: string) => Promise<boolean>
}

export async function leaseHolder(): Promise<LeaseHolder> {
  const place = await pidSpace()
  const processAt = async (pid: number): Promise<string> => `${place} ${pid} ${(await startTimeOf(pid)) ?? 'gone'}`
  return {
    own: await processAt(process.pid),
    isGone: async (holder) => {
      const [, pid] = holder.startsWith(`${place} `) ? holder.slice(place.length).split(' ') : []
      return pid !== undefined && /^\d+$/.test(pid) && (await processAt(Number(pid))) !== holder
    },
  }
}
