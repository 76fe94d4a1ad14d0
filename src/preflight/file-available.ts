import type { Host } from '../host/host.ts'
import { failed, nameFor, passed, type Check, type OwnedByUnfinishedRun } from './check.ts'

/**
 * There must be nothing at this path yet. `writtenAfter`: the file that makes another program write this one; `path` when kadm writes it
 * itself.
 */
export function fileAvailable(host: Pick<Host, 'stat'>, path: string, own: OwnedByUnfinishedRun, writtenAfter: string = path): Check {
  return {
    name: nameFor('FileAvailable', path),
    requires: `no ${path} yet`,
    run: async () => {
      if (own.owns(path) || own.owns(writtenAfter) || (await host.stat(path)) === undefined) return passed
      return failed(`${path} already exists: this host may be part of a cluster; "kadm reset" removes it`)
    },
  }
}
