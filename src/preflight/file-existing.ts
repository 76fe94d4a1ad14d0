import type { Host } from '../host/host.ts'
import { failed, nameFor, passed, type Check } from './check.ts'

/** A file that the configuration names; `name` where several share one public name. */
export function fileExisting(host: Pick<Host, 'stat'>, path: string, name: string = nameFor('FileExisting', path)): Check {
  return {
    name,
    requires: `the file ${path}`,
    run: async () => ((await host.stat(path)) === undefined ? failed(`${path} doesn't exist`) : passed),
  }
}
