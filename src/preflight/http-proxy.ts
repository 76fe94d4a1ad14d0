import { httpsProxyFor, withoutPassword } from '../config/proxy-from-environment.ts'
import type { Host } from '../host/host.ts'
import { passed, warned, type Check } from './check.ts'

/** Would connections to the API server's address go through a proxy? `target`: address or name. */
export function httpProxy(host: Pick<Host, 'facts'>, target: string): Check {
  return {
    name: 'HTTPProxy',
    requires: 'no proxy on the way to the API server (a warning)',
    run: async () => {
      const proxy = httpsProxyFor(target, target.includes(':') ? 1234 : 443, (await host.facts()).environment)
      return proxy === undefined
        ? passed
        : warned(
            `connection to "https://${target}" uses proxy "${withoutPassword(proxy)}": if that is not intended, add ${target} to NO_PROXY`,
          )
    },
  }
}
