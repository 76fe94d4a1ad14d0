/** Several labels in one run; that each is asked for as kubeadm does it: test/interop/release-server. */
import { createServer } from 'node:https'
import { expect, onTestFinished, test } from 'vitest'
import { releaseServer } from '../../src/config/release-server.ts'
import { dialLocally } from '../../src/host/dial.ts'
import type { Host } from '../../src/host/host.ts'
import { localHost } from '../../src/host/local-host.ts'
import { authority, leaf } from '../discovery/identity.ts'

type Asked = Parameters<typeof releaseServer>[0]

/** A host that trusts `ca`, with a dial of its own. */
function hostWith(ca: string, dial: Host['dial']): Asked {
  const host = localHost()
  onTestFinished(() => host.close())
  return { ...host, dial, readText: async () => ca, facts: async () => ({ ...(await host.facts()), environment: {} }) }
}

test('a label that the server does not have says nothing of the next one', async () => {
  const ca = authority('releases')
  const server = createServer(leaf(ca, { commonName: 'dl.k8s.io', dnsNames: ['dl.k8s.io'], addresses: [] }), ({ url = '' }, response) => {
    response.writeHead(url === '/release/stable.txt' ? 200 : 404).end('v1.37.2\n')
  })
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  const ask = releaseServer(hostWith(ca.pem, (_, options) => dialLocally({ kind: 'tcp', host: '127.0.0.1', port }, options)))
  await expect(ask('stable-1.99')).rejects.toThrow('https://dl.k8s.io/release/stable-1.99.txt answered with HTTP 404')
  expect(await ask('stable')).toBe('v1.37.2')
})

test('a server that cannot be reached is dialled once', async () => {
  let dialled = 0
  const ask = releaseServer(hostWith(authority('releases').pem, () => Promise.reject(new Error(`no way out (${++dialled})`))))
  await expect(ask('stable')).rejects.toThrow('no way out (1)')
  await expect(ask('stable-1.37')).rejects.toThrow('no way out (1)')
})
