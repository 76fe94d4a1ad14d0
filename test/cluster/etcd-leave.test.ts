/** A member leaves: real etcd with mutual TLS. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, type TestContext } from 'vitest'
import type { EtcdCluster } from '../../src/cluster/etcd-cluster.ts'
import { leaveEtcd, type Departure, type LeaveEtcdOptions } from '../../src/cluster/etcd-leave.ts'
import { isAt } from '../../src/cluster/etcd-new-member.ts'
import { localHost } from '../../src/host/local-host.ts'
import { etcdHosts, type EtcdHost } from '../support/etcd-hosts.ts'
import { joinEtcd } from '../support/join-etcd.ts'

test('goes at once, also the leader; the last one stays; one that is none has nothing to leave', async (context) => {
  const { etcd, members } = await started(context, ['cp1', 'cp2', 'cp3'])
  const [first, second, third] = members
  // etcd lets nobody go before its voters have been connected for 5 s.
  await sleep(5500)
  // The first one leads: the others elect anew.
  const began = performance.now()
  const before: string[] = []
  const onLeave = async (): Promise<void> => void before.push(...(await etcd.members({ ofQuorum: false })).map(({ name }) => name))
  expect(await leave(etcd, first, { onLeave })).toMatchObject({ kind: 'left', member: { name: 'cp1' } })
  // Told while it is one still.
  expect(before).toContain('cp1')
  expect(performance.now() - began).toBeLessThan(4000)
  expect(await leave(etcd, first)).toEqual({ kind: 'no-member' })
  expect(await leave(etcd, second)).toMatchObject({ kind: 'left', member: { name: 'cp2' } })
  expect(await leave(etcd, third)).toEqual({ kind: 'last' })
  expect((await etcd.members({ ofQuorum: false })).map(({ name }) => name)).toEqual(['cp3'])
}, 60_000)

test('one that is dead itself is taken out by the others', async (context) => {
  const { etcd, members } = await started(context, ['cp1', 'cp2', 'cp3'])
  const [, , third] = members
  await third.kill()
  expect(await leave(etcd, third)).toMatchObject({ kind: 'left', member: { name: 'cp3' } })
  expect((await etcd.members({ ofQuorum: false })).map(({ name }) => name).toSorted()).toEqual(['cp1', 'cp2'])
}, 60_000)

test('refused with the reason when the others would have no quorum, before anything is changed; forced, it does not hang', async (context) => {
  const { etcd, members } = await started(context, ['cp1', 'cp2', 'cp3'])
  const [, second, third] = members
  await third.kill()
  const onLeave = (): never => expect.unreachable()
  await expect(leave(etcd, second, { onLeave })).rejects.toMatchObject({
    code: 'ETCD_QUORUM',
    message: expect.stringContaining('without this host it has 2 voting members, of which 2 must be healthy, and 1 are'),
    details: [expect.stringContaining('member "cp3" at https://127.0.0.1:')],
  })
  expect(await etcd.members({ ofQuorum: false })).toHaveLength(3)
  const warnings: string[] = []
  const began = performance.now()
  const departure = await leave(etcd, second, { force: true, warn: (line) => warnings.push(line) })
  expect(performance.now() - began).toBeLessThan(6000)
  expect(warnings).toEqual([expect.stringContaining('etcd would be left without a quorum')])
  // etcd itself keeps who is needed.
  expect(departure).toMatchObject({ kind: 'unknown', why: expect.stringContaining('"cp2"') })
}, 60_000)

test('where nobody answers, and in a run that only looks, nothing is done', async (context) => {
  const { etcd, members } = await started(context, ['cp1', 'cp2'])
  const [first, second] = members
  const noted: string[] = []
  expect(await leave(etcd, second, { onlyNote: ({ name }) => noted.push(name) })).toMatchObject({ kind: 'left' })
  expect([noted, await etcd.members({ ofQuorum: false })]).toMatchObject([['cp2'], { length: 2 }])
  await Promise.all([first.kill(), second.kill()])
  const began = performance.now()
  expect(await leave(etcd, second)).toMatchObject({ kind: 'unknown', why: expect.stringContaining('does not answer') })
  expect(performance.now() - began).toBeLessThan(4000)
}, 60_000)

interface Started {
  readonly etcd: EtcdCluster
  readonly members: readonly [EtcdHost, EtcdHost, EtcdHost]
}

async function started(context: TestContext, names: readonly [string, string, string?]): Promise<Started> {
  const hosts = await etcdHosts(context)
  const [firstName, secondName, thirdName] = names
  const first = await hosts.first(firstName)
  const [second, third] = [await hosts.host(secondName), await hosts.host(thirdName ?? 'none')]
  const etcd = hosts.connect(first, second, third)
  await join(etcd, second)
  if (thirdName !== undefined) await join(etcd, third)
  return { etcd, members: [first, second, third] }
}

async function join(etcd: EtcdCluster, host: EtcdHost): Promise<void> {
  host.kubelet(true)
  await joinEtcd({
    etcd,
    host: localHost(),
    member: host.member,
    manifest: { path: host.manifest, write: (initialCluster) => host.write(initialCluster) },
    timeout: 30_000,
    say: () => {},
  })
}

function leave(etcd: EtcdCluster, { member }: EtcdHost, more: Partial<LeaveEtcdOptions> = {}): Promise<Departure> {
  const self: LeaveEtcdOptions['self'] = async (members) => members.find(isAt(member.peerUrl)) ?? { kind: 'no-member' }
  return leaveEtcd(etcd, { self, force: false, warn: () => {}, signal: AbortSignal.timeout(50_000), ...more })
}
