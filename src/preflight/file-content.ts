import type { Host } from '../host/host.ts'
import { failed, nameFor, passed, type Check } from './check.ts'

/** IP forwarding: without it no packet reaches a Pod on another host. */
export function forwardingEnabled(host: Pick<Host, 'readText'>, family: 4 | 6): Check {
  const path = family === 4 ? '/proc/sys/net/ipv4/ip_forward' : '/proc/sys/net/ipv6/conf/default/forwarding'
  return {
    name: nameFor('FileContent', path),
    requires: `forwarding of IPv${family} packets switched on`,
    run: async () => {
      const text = await host.readText(path)
      if (text === undefined) return failed(`${path} does not exist`)
      const setting = path.slice('/proc/sys/'.length).replaceAll('/', '.')
      return text.startsWith('1')
        ? passed
        : failed(`${path} contents are not set to 1: sysctl -w ${setting}=1 (and in /etc/sysctl.d, to last)`)
    },
  }
}
