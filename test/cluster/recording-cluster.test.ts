import { expect, test } from 'vitest'
import { ensureObject } from '../../src/cluster/apply-object.ts'
import { ensureClusterAdmins } from '../../src/cluster/cluster-admins.ts'
import { kinds } from '../../src/cluster/kinds.ts'
import { markNode } from '../../src/cluster/mark-node.ts'
import { recordingCluster } from '../../src/cluster/recording-cluster.ts'
import { waitForObject } from '../../src/cluster/wait.ts'
import { sharedControlPlane } from '../support/control-plane.ts'

const controlPlane = sharedControlPlane()
const configMap = (name: string, data = { a: '1' }) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
})
const ref = { ...kinds.configMap, namespace: 'default', name: 'x' }

test('without a cluster: writes are kept in order, reads see them, secrets do not show', async () => {
  const cluster = recordingCluster(undefined)
  await ensureClusterAdmins(cluster, async () => undefined)
  await markNode(cluster, 'node1', { labels: { role: '' }, taints: [{ key: 'k', effect: 'NoSchedule' }], timeout: 1000 })
  await ensureObject(cluster, configMap('x'))
  await ensureObject(cluster, configMap('x', { a: '2' }))
  await ensureObject(cluster, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', namespace: 'kube-system' },
    data: { key: 'c2VjcmV0' },
  })
  expect(await cluster.get(ref)).toMatchObject({ data: { a: '2' } })
  expect(await cluster.get({ ...kinds.secret, namespace: 'kube-system', name: 's' })).toMatchObject({ data: { key: 'c2VjcmV0' } })
  expect(await cluster.list(ref)).toMatchObject([{ data: { a: '2' } }])
  await cluster.delete(ref)
  await cluster.delete(ref)
  expect(await cluster.get(ref)).toBeUndefined()
  expect(cluster.plan().map(({ verb, resource, namespace = '', name }) => `${verb} ${resource} ${namespace}/${name}`)).toEqual([
    'create clusterrolebindings /kubeadm:cluster-admins',
    'patch nodes /node1',
    'create configmaps default/x',
    'replace configmaps default/x',
    'create secrets kube-system/s',
    'delete configmaps default/x',
  ])
  expect(cluster.plan()[1]).toMatchObject({
    object: { metadata: { labels: { role: '' } }, spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } },
  })
  expect(cluster.plan()[4]).toMatchObject({ object: { data: { key: '<redacted>' } } })
  expect(JSON.stringify(cluster.plan())).not.toContain('c2VjcmV0')
})

test('a wait for what no plan makes fails at once', async () => {
  const waiting = waitForObject(recordingCluster(undefined), ref, () => true, { timeout: 60_000 })
  await expect(waiting).rejects.toMatchObject({ message: expect.stringMatching(/for ConfigMap default\/x .*: it is not there$/) })
})

test('over a real cluster: reads are real, and nothing there changes', async (context) => {
  const real = (await controlPlane(context)).connect('super-admin')
  await real.create(configMap('x'))
  const cluster = recordingCluster(real)
  expect(await cluster.get(ref)).toMatchObject({ data: { a: '1' } })
  await expect(cluster.create(configMap('x'))).rejects.toMatchObject({ status: 409, reason: 'AlreadyExists' })
  await cluster.patch(ref, { data: { b: '2' } }, 'merge')
  await cluster.create(configMap('y'))
  expect((await cluster.list(ref)).map(({ metadata: { name } }) => name).sort()).toEqual(['x', 'y'])
  expect(await cluster.get(ref)).toMatchObject({ data: { a: '1', b: '2' } })
  await cluster.delete(ref)
  expect(await cluster.get(ref)).toBeUndefined()
  expect(await real.get(ref)).toMatchObject({ data: { a: '1' } })
  expect(await real.list(ref)).toHaveLength(1)
})
