import type { Host } from '../host/host.ts'
import { failed, nameFor, passed, type Check, type OwnedByUnfinishedRun } from './check.ts'

/**
 * etcd's data directory must be new or empty: data of another cluster in it would come back to life. `filledBy`: the file that starts what
 * writes there.
 */
export function directoryEmpty(host: Pick<Host, 'list'>, path: string, filledBy: string, own: OwnedByUnfinishedRun): Check {
  return {
    name: nameFor('DirAvailable', path),
    requires: `${path} new or empty`,
    run: async () => {
      if (own.owns(path) || own.owns(filledBy)) return passed
      const names = await host.list(path)
      return names === undefined || names.length === 0
        ? passed
        : failed(`${path} is not empty: move it away, or "kadm reset" if it belongs to a cluster that is no more`)
    },
  }
}
