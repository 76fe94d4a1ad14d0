import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { connectEtcd } from '../../src/cluster/etcd-members.ts'
import { sharedControlPlane } from '../support/control-plane.ts'

const controlPlane = sharedControlPlane()

test('members are listed, added as learners, and removed; what etcd refuses is told in its words', async (context) => {
  const { etcd: server, dir, ca } = await controlPlane(context)
  const read = (file: string) => readFileSync(path.join(dir, file))
  const etcd = connectEtcd({ server, ca, clientCertificate: read('super-admin.crt'), clientKey: read('super-admin.key') })
  expect(await etcd.isHealthy()).toBe(true)
  const [first, ...others] = await etcd.members()
  expect(others).toEqual([])
  expect(first).toMatchObject({ name: 'default', learner: false, clientUrls: [server], id: expect.stringMatching(/^[0-9a-f]+$/) })
  const added = (await etcd.addLearner('https://127.0.0.1:1')).find(({ id }) => id !== first?.id)
  expect(added).toMatchObject({ name: '', learner: true, peerUrls: ['https://127.0.0.1:1'], clientUrls: [] })
  await expect(etcd.addLearner('https://127.0.0.1:1')).rejects.toMatchObject({
    code: 'ETCD_FAILED',
    message: expect.stringContaining('refused to add the member https://127.0.0.1:1: etcdserver: '),
  })
  await expect(etcd.promote(added?.id ?? '')).rejects.toMatchObject({
    message: expect.stringContaining('can only promote a learner member which is in sync with leader'),
  })
  expect(await etcd.remove(added?.id ?? '')).toEqual([first])
  etcd.close()
})

test('without a client certificate etcd does not answer, and is not healthy', async (context) => {
  const { etcd: server, ca } = await controlPlane(context)
  const etcd = connectEtcd({ server, ca })
  await expect(etcd.members()).rejects.toMatchObject({
    code: 'ETCD_FAILED',
    message: expect.stringMatching(/^etcd at https.* does not answer: /),
  })
  expect(await etcd.isHealthy()).toBe(false)
  etcd.close()
})
