import type { Host } from '../host/host.ts'
import { failed, passed, type Check } from './check.ts'

/** Alone in the first group: what a user without rights sees of a host says little. */
export function privilegedUser(host: Pick<Host, 'facts'>): Check {
  return {
    name: 'IsPrivilegedUser',
    requires: 'root',
    run: async () => ((await host.facts()).uid === 0 ? passed : failed('user is not running as root: run it with sudo')),
  }
}
