/** Members that are down, lost or another's: real etcd with mutual TLS. */
import { mkdir } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { checkEtcdHealth } from '../../src/cluster/etcd-health.ts'
import { refuseOrReplaceLostMember, removalRemedy, removeDeadMember } from '../../src/cluster/etcd-lost-member.ts'
import type { EtcdCluster } from '../../src/cluster/etcd-cluster.ts'
import type { ObjectRef } from '../../src/cluster/cluster.ts'
import { localHost } from '../../src/host/local-host.ts'
import { etcdHosts, type EtcdHost } from '../support/etcd-hosts.ts'
import { joinEtcd } from '../support/join-etcd.ts'

test('a quorum that is lost: told with the names of those who do not answer; a single voter down is a warning, and etcd is not asked in vain for long', async (context) => {
  const hosts = await etcdHosts(context)
  const first = await hosts.first('cp1')
  const [second, third, fourth] = [await hosts.host('cp2'), await hosts.host('cp3'), await hosts.host('cp4')]
  const etcd = hosts.connect(first)
  for (const host of [second, third]) await join(etcd, host)
  expect(await checkEtcdHealth(etcd)).toMatchObject({ voters: { length: 3 }, unhealthy: [] })

  await third.kill()
  const warnings: string[] = []
  expect(await checkEtcdHealth(etcd, { warn: (line) => warnings.push(line) })).toMatchObject({ unhealthy: [{ name: 'cp3' }] })
  expect(warnings).toEqual([expect.stringMatching(/^the etcd member "cp3" \(id [0-9a-f]+\) does not answer at https/)])
  const started = performance.now()
  await expect(join(etcd, fourth)).rejects.toMatchObject({
    message: expect.stringContaining('does not take the member'),
    details: [expect.stringContaining('the member "cp3"')],
    remedy: [expect.any(String), expect.stringMatching(/ exec etcd-NAME -- .*member remove [0-9a-f]+ {3}# or, if a host is lost: NAME is/)],
  })
  expect(performance.now() - started).toBeLessThan(25_000)

  await second.kill()
  await expect(refuse(etcd, fourth)).resolves.toEqual([])
  await expect(checkEtcdHealth(etcd, { timeout: 4000 })).rejects.toMatchObject({
    code: 'ETCD_FAILED',
    message: expect.stringMatching(/^etcd is not healthy, so no member can join: [01] of 3 members healthy$/),
    details: expect.arrayContaining([expect.stringContaining('"cp2"'), expect.stringContaining('"cp3"')]),
  })
}, 90_000)

test('the command that takes a member out holds nothing that a shell takes for something else', () => {
  expect(removalRemedy('1f', 'if it is lost: ')).toMatch(/^kubectl [\w /=.-]+ member remove 1f {3}# if it is lost: /)
})

test('a lost host comes back empty: refused with what to remove, replaced on demand, never while it is alive', async (context) => {
  const hosts = await etcdHosts(context)
  const first = await hosts.first('cp1')
  const [second, third] = [await hosts.host('cp2'), await hosts.host('cp3')]
  const etcd = hosts.connect(first)
  for (const host of [second, third]) await join(etcd, host)
  const id = (await etcd.members()).find(({ name }) => name === 'cp3')?.id ?? ''

  // Another host by the same name, while that one is alive.
  const twin = await hosts.host('cp3')
  await expect(refuse(etcd, twin)).rejects.toMatchObject({ code: 'ETCD_MEMBER_LOST', message: expect.stringContaining(`(id ${id})`) })
  await expect(refuse(etcd, twin, { replace: true })).rejects.toThrow(/is alive: it is not removed/)
  await expect(refuse(etcd, third)).resolves.toEqual([])

  await third.wipe()
  for (const host of [third, twin]) {
    await expect(refuse(etcd, host)).rejects.toMatchObject({
      code: 'ETCD_MEMBER_LOST',
      remedy: expect.arrayContaining([
        expect.stringContaining(`--replace, which removes the etcd member ${id} and the Node "cp3"`),
        'kubectl delete node cp3   # or remove both yourself: this, then',
        expect.stringContaining(`member remove ${id}`),
      ]),
    })
  }
  // An empty member in its place would break etcd: the join itself looks as well.
  await expect(join(etcd, third)).rejects.toMatchObject({ code: 'ETCD_MEMBER_LOST' })

  const deleted = await refuse(etcd, third, { replace: true })
  expect(deleted).toMatchObject([{ kind: 'Node', name: 'cp3' }])
  expect((await etcd.members()).map(({ name }) => name).toSorted()).toEqual(['cp1', 'cp2'])
  expect(await join(etcd, third)).toMatchObject({ name: 'cp3', learner: false })
  expect(await checkEtcdHealth(etcd)).toMatchObject({ voters: { length: 3 }, unhealthy: [] })
}, 90_000)

test('a member that says of no URL yet is asked beside that of its peers: it may just be starting', async (context) => {
  const hosts = await etcdHosts(context)
  const first = await hosts.first('cp1')
  const etcd = hosts.connect(first)
  const dead = (await etcd.addLearner('https://127.0.0.9:2380')).find(({ name }) => name === '')
  if (dead === undefined) throw new Error('there is no learner')
  const asked: string[] = []
  const answering: EtcdCluster = { ...etcd, at: (url) => (asked.push(url), etcd.at(first.member.clientUrl)) }
  const options = { dead, nodeName: 'cp2', cluster: { delete: async () => {} }, say: () => {} }
  await expect(removeDeadMember(answering, options)).rejects.toThrow(/is alive: it is not removed/)
  expect(asked).toEqual(['https://127.0.0.9:2379'])
  await removeDeadMember(etcd, options)
  expect(await etcd.members()).toHaveLength(1)
})

test('data of a member that was removed: refused, since etcd would not start with it', async (context) => {
  const hosts = await etcdHosts(context)
  const [first, second] = [await hosts.first('cp1'), await hosts.host('cp2')]
  const etcd = hosts.connect(first)
  await mkdir(`${second.member.dataDir}/member`, { recursive: true })
  await expect(refuse(etcd, second, { replace: true })).rejects.toMatchObject({ message: expect.stringContaining(second.member.dataDir) })
  await expect(join(etcd, second)).rejects.toMatchObject({ code: 'ETCD_MEMBER_LOST' })
  expect(await etcd.members()).toHaveLength(1)
})

test('an endpoint that is down holds nobody up, and the voters are found from one', async (context) => {
  const hosts = await etcdHosts(context)
  const [first, second, gone] = [await hosts.first('cp1'), await hosts.host('cp2'), await hosts.host('cp3')]
  await join(hosts.connect(gone, first), second)
  const etcd = hosts.connect(first)
  expect(await etcd.members()).toHaveLength(2)
  await second.kill()
  second.restart()
  await first.kill()
  first.restart()
  await expect
    .poll(
      () =>
        etcd.members().then(
          ({ length }) => length,
          () => 0,
        ),
      { timeout: 15_000 },
    )
    .toBe(2)
})

test('an etcd that says nothing for longer than a call waits is asked again', { timeout: 60_000 }, async (context) => {
  const hosts = await etcdHosts(context)
  const [first, second] = [await hosts.first('cp1'), await hosts.host('cp2')]
  first.hold(6000)
  const started = performance.now()
  await expect(refuse(hosts.connect(first), second)).resolves.toEqual([])
  // The call that was held did not just come through.
  expect(performance.now() - started).toBeGreaterThan(5000)
})

async function join(etcd: EtcdCluster, host: EtcdHost) {
  host.kubelet(true)
  const { member, manifest, write } = host
  return await joinEtcd({ etcd, host: localHost(), member, manifest: { path: manifest, write }, timeout: 30_000, say: () => {} })
}

/** Resolves with what was deleted from the API. */
async function refuse(etcd: EtcdCluster, { member }: EtcdHost, { replace = false } = {}): Promise<readonly ObjectRef[]> {
  const deleted: ObjectRef[] = []
  const cluster = { delete: async (ref: ObjectRef) => void deleted.push(ref) }
  await refuseOrReplaceLostMember(etcd, { host: localHost(), member, replace, cluster, say: () => {} })
  return deleted
}
