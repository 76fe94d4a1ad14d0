import { KadmError } from '../../errors.ts'
import type { FleetHost } from '../fleet-run.ts'

/**
 * Before anything is begun on any of them. Throws RUN_IN_PROGRESS, which says on which host who is at work; else what the lock of a host
 * throws.
 */
export async function requireFree(hosts: readonly Pick<FleetHost, 'name' | 'host'>[], command: string): Promise<void> {
  await Promise.all(
    Array.from(new Map(hosts.map(({ name, host }) => [name, host])), async ([name, host]) => {
      const giveBack = await host.lock(command).catch((error: unknown) => {
        throw error instanceof KadmError ? onHost(name, error) : error
      })
      await giveBack()
    }),
  )
}

function onHost(name: string, error: KadmError): KadmError {
  const { code, message, remedy, details } = error
  return new KadmError(code, `${name}: ${message}`, { remedy, details, cause: error })
}
