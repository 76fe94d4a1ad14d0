/** Which refused connections mean a firewall. Real hosts and firewalls are in test/e2e. */
import type { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { reachFindings, type ReachHost } from '../../src/fleet/look/reach.ts'
import type { Host } from '../../src/host/host.ts'
import { canListenBy } from '../../src/host/ssh/ssh-listen.ts'
import { fileOf } from './planned.ts'
import { reachedHost } from './reached-host.ts'

const other = '10.0.0.1'

test.each([
  { name: 'at another address of the host: that is no firewall', listens: other, errors: [] },
  {
    name: 'at the very address',
    listens: '192.168.7.1',
    errors: [expect.stringContaining('port 2379 (etcd), 2380 (etcd): the connection is refused')],
  },
  { name: 'at all addresses', listens: '0.0.0.0', errors: [expect.stringContaining('port 2379 (etcd), 2380 (etcd)')] },
])('etcd of a control plane that is there listens $name', async ({ listens, errors }) => {
  const file = fileOf({ h1: 'control-plane', h2: 'control-plane' })
  const hosts = file.hosts.map((wanted): ReachHost => {
    const isThere = wanted.name === 'h1'
    const addresses = isThere ? ['192.168.7.1', other] : [wanted.address]
    const host = {
      canListen: async (port: number, address = '') => canListenBy(isThere ? [etcdAt(listens)] : [], addresses, port, address),
      dial: async (to: { readonly port: number }) => (to.port === 2379 || to.port === 2380 ? refused() : open()),
      query: async () => ({ argv: ['true'], exitCode: 1, stdout: '', stderr: '' }),
    } as unknown as Host
    const state = reachedHost({ addresses, node: isThere ? 'control-plane' : 'none' })
    return { wanted, host, state, arrives: !isThere }
  })
  expect(await reachFindings(file, hosts, new AbortController().signal)).toEqual({ errors, warnings: [] })
})

/** As /proc/net/tcp has it. */
function etcdAt(address: string): string {
  const hex = address
    .split('.')
    .toReversed()
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join('')
  return [2379, 2380].map((port) => `0: ${hex}:${port.toString(16).padStart(4, '0')} 00000000:0000 0A`).join('\n')
}

function open(): Duplex {
  return { destroy: () => undefined } as unknown as Duplex
}

function refused(): never {
  throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
}
