import { KadmError } from '../../errors.ts'
import { placedError } from '../fleet-remedies.ts'
import type { FleetHost } from '../fleet-run.ts'
import type { Place } from '../host-flags.ts'

/**
 * Before anything is begun on any of them. `places`: all hosts of the file. Throws RUN_IN_PROGRESS, which says on which host who is at
 * work; else what the lock of a host throws.
 */
export async function requireFree(
  hosts: readonly Pick<FleetHost, 'name' | 'host'>[],
  { command, places }: { readonly command: string; readonly places: readonly Place[] },
): Promise<void> {
  await Promise.all(
    Array.from(new Map(hosts.map(({ name, host }) => [name, host])), async ([name, host]) => {
      const giveBack = await host.lock(command).catch((error: unknown) => {
        const place = places.find((one) => one.name === name)
        throw error instanceof KadmError && place !== undefined ? placedError(error, place, `${name}: ${error.message}`) : error
      })
      await giveBack()
    }),
  )
}
