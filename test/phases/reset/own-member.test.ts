/** Which member a host is, where its manifest does not say it (any more). Real etcd is asked in `must-leave-etcd.test.ts`. */
import { expect, test } from 'vitest'
import type { EtcdMember } from '../../../src/cluster/etcd-members.ts'
import { localHost } from '../../../src/host/local-host.ts'
import type { EtcdOfHost } from '../../../src/manifests/static-pods/read-etcd.ts'
import { ownMember } from '../../../src/phases/reset/own-member.ts'

const member = (id: string, name: string, address: string): EtcdMember => ({
  id,
  name,
  peerUrls: [`https://${address}:2380`],
  clientUrls: [`https://${address}:2379`],
  learner: false,
})
const members = [member('a', 'cp1', '192.0.2.1'), member('b', 'cp2', '192.0.2.2'), member('c', '', '192.0.2.3')]

interface Scene {
  readonly what: string
  readonly says?: Partial<EtcdOfHost>
  /** Of the etcd that answers on the host. */
  readonly answers?: string
  readonly address?: string
  readonly isMember: string
}

test.each<Scene>([
  {
    what: 'whoever answers, whatever the flags say',
    says: { name: 'cp2', peerUrls: ['https://192.0.2.2:2380'] },
    answers: 'a',
    isMember: 'a',
  },
  { what: 'the peer URL', says: { name: 'cp2', peerUrls: ['https://192.0.2.2:2380'] }, isMember: 'b' },
  { what: 'the address of the host, without the flag', says: { name: 'cp2' }, address: '192.0.2.2', isMember: 'b' },
  { what: 'one that was added and has never started', says: { name: 'cp3' }, address: '192.0.2.3', isMember: 'c' },
  { what: 'another name at its address', says: { name: 'renamed' }, address: '192.0.2.1', isMember: 'a' },
  { what: 'its name elsewhere', says: { name: 'cp2' }, address: '192.0.2.9', isMember: 'unknown' },
  { what: 'its name elsewhere, and one here that has left', says: { name: 'cp2' }, answers: 'z', isMember: 'unknown' },
  { what: 'nothing that fits', says: { name: 'cp9' }, address: '192.0.2.9', isMember: 'no-member' },
])('$what: $isMember', async ({ says, answers, address, isMember }) => {
  const etcd: EtcdOfHost = {
    dataDir: '/var/lib/etcd',
    certificates: undefined,
    name: undefined,
    peerUrls: [],
    clientUrls: [],
    ownClientUrls: ['https://127.0.0.1:2379'],
    initialPeerUrls: [],
    ...says,
  }
  const facts = await localHost().facts()
  const addresses = address === undefined ? [] : facts.addresses.slice(0, 1).map((one) => ({ ...one, address, loopback: false }))
  const status = async (): Promise<never> => (answers === undefined ? Promise.reject(new Error('silent')) : ({ id: answers } as never))
  const found = await ownMember(members, {
    host: { facts: async () => ({ ...facts, addresses }) },
    etcd,
    connection: { at: () => ({ status }) as never },
    signal: AbortSignal.timeout(5000),
  })
  expect('kind' in found ? found.kind : found.id).toBe(isMember)
})
