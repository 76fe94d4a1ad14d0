import { nthAddress } from '../config/cidr.ts'
import { httpsProxyFor, withoutPassword } from '../config/proxy-from-environment.ts'
import type { Host } from '../host/host.ts'
import { failed, passed, warned, type Check } from './check.ts'

/** Would the API server reach Services or Pods of this range through a proxy? Tested with the first address, as kubeadm does. */
export function httpProxyCidr(host: Pick<Host, 'facts'>, range: string): Check {
  return {
    name: 'HTTPProxyCIDR',
    requires: 'no proxy on the way to Services and Pods (a warning)',
    run: async () => {
      const first = nthAddress(range, 1)
      if (first === undefined) return failed(`"${range}" is not an address range with at least two addresses`)
      const proxy = httpsProxyFor(first, 1234, (await host.facts()).environment)
      return proxy === undefined
        ? passed
        : warned(
            `connection to "${range}" uses proxy "${withoutPassword(proxy)}", which the cluster does not survive: add ${range} to NO_PROXY`,
          )
    },
  }
}
