import type { Host } from '../host/host.ts'
import { failed, nameFor, passed, type Check, type OwnedByUnfinishedRun } from './check.ts'

/** There must be nothing at this path yet. */
export function fileAvailable(host: Pick<Host, 'stat'>, path: string, own: OwnedByUnfinishedRun): Check {
  return {
    name: nameFor('FileAvailable', path),
    requires: `no ${path} yet`,
    run: async () => {
      if (own.owns(path) || (await host.stat(path)) === undefined) return passed
      return failed(`${path} already exists: this host may be part of a cluster; "kadm reset" removes it`)
    },
  }
}
