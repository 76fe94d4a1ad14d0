import type { Host } from '../host/host.ts'
import { failed, nameFor, passed, type Check, type OwnedByUnfinishedRun } from './check.ts'

export interface Port {
  readonly port: number
  /** Not given: on all addresses. */
  readonly address?: string | undefined
  /** What makes something listen here: where an unfinished run made one of these files or folders, the listener is its own. */
  readonly openedBy: readonly string[]
}

export function portFree(host: Pick<Host, 'canListen'>, { port, address, openedBy }: Port, own: OwnedByUnfinishedRun): Check {
  return {
    name: nameFor('Port', String(port)),
    requires: `port ${port} free`,
    run: async () => {
      if (openedBy.some((path) => own.owns(path)) || (await host.canListen(port, address))) return passed
      return failed(
        `Port ${port} is in use${address === undefined ? '' : ` or ${address} is no address of this host`}: ss -ltnp 'sport = :${port}' shows by what`,
      )
    },
  }
}
