/** A host that says what a jail says of itself, and refuses everything else. */
import type { Host, HostFacts } from '../../src/host/host.ts'

export const jailFacts: HostFacts = {
  hostname: 'node1',
  uid: 0,
  cpus: 2,
  memory: 4 * 2 ** 30,
  system: 'Linux',
  kernelRelease: '6.1.0',
  addresses: [
    { device: 'lo', address: '127.0.0.1', family: 4, prefixLength: 8, loopback: true },
    { device: 'eth0', address: '192.168.77.10', family: 4, prefixLength: 24, loopback: false },
  ],
  routes: [{ device: 'eth0', family: 4, destination: '0.0.0.0/0', metric: 0 }],
  environment: {},
}

/** `files`: content by path. */
export function fixtureHost(files: Readonly<Record<string, string>> = {}, facts: HostFacts = jailFacts): Host {
  const told = {
    name: 'fixture',
    facts: () => Promise.resolve(facts),
    readText: (path: string) => Promise.resolve(files[path]),
    stat: (path: string) =>
      Promise.resolve(
        files[path] === undefined ? undefined : { kind: 'file', mode: 0o644, owner: { uid: 0, gid: 0 }, size: files[path].length },
      ),
    dial: (address: { readonly kind: string }) => Promise.reject(new Error(`nobody listens there (${address.kind})`)),
  }
  return new Proxy(told, {
    get: (target, name) => {
      if (name in target) return Reflect.get(target, name) as unknown
      throw new Error(`the fixture host was not told about ${String(name)}`)
    },
  }) as unknown as Host
}
