import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { ensureExists, ensureObject, ensureObjects } from '../../src/cluster/apply-object.ts'
import type { KubernetesObject } from '../../src/cluster/cluster.ts'
import { kinds } from '../../src/cluster/kinds.ts'
import { markNode } from '../../src/cluster/mark-node.ts'
import { sharedControlPlane } from '../support/control-plane.ts'

const controlPlane = sharedControlPlane()
const fresh = (prefix = 't') => `${prefix}-${randomBytes(4).toString('hex')}`
const configMap = (name: string, data: Record<string, string>): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
})
const refTo = (name: string) => ({ ...kinds.configMap, namespace: 'default', name })

test('an object is made, then made the same again; what is only wanted to exist is kept', async (context) => {
  const cluster = (await controlPlane(context)).connect('super-admin')
  const name = fresh()
  await ensureObject(cluster, configMap(name, { a: '1' }))
  await ensureObject(cluster, configMap(name, { b: '2' }))
  expect(await cluster.get(refTo(name))).toHaveProperty('data', { b: '2' })
  expect(await ensureExists(cluster, configMap(name, { c: '3' }))).toHaveProperty('data', { b: '2' })
  const other = fresh()
  expect(await ensureExists(cluster, configMap(other, { c: '3' }))).toHaveProperty('data', { c: '3' })
})

test('what kadm applies twice stays the same: a Service with its address, a Role with its binding, a DaemonSet', async (context) => {
  const cluster = (await controlPlane(context)).connect('super-admin')
  const name = fresh('s')
  const meta = { name, namespace: 'default' }
  const pod = { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'example.invalid/c' }] } }
  const objects: readonly KubernetesObject[] = [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta,
      spec: {
        clusterIP: `10.96.77.${randomBytes(1)[0]}`,
        selector: { app: name },
        ports: [{ name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 }],
      },
    },
    {
      ...kinds.roleBinding,
      metadata: meta,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'User', name: 'x', apiGroup: 'rbac.authorization.k8s.io' }],
    },
    { ...kinds.role, metadata: meta, rules: [{ apiGroups: [''], resources: ['configmaps'], resourceNames: ['x'], verbs: ['get'] }] },
    { ...kinds.daemonSet, metadata: meta, spec: { selector: { matchLabels: { app: name } }, template: pod } },
    { ...kinds.serviceAccount, metadata: meta },
  ]
  const first = await ensureObjects(cluster, objects)
  const second = await ensureObjects(cluster, objects)
  expect(second.map(({ metadata }) => metadata.uid)).toEqual(first.map(({ metadata }) => metadata.uid))
  expect(second[0]?.['spec']).toEqual(first[0]?.['spec'])
})

test('an object that the API finds wrong is refused at once, one that may pass later is waited for', async (context) => {
  const cluster = (await controlPlane(context)).connect('super-admin')
  const start = performance.now()
  await expect(ensureObject(cluster, configMap('Not_A_Name', {}))).rejects.toMatchObject({ status: 422 })
  expect(performance.now() - start).toBeLessThan(5000)
  const namespace = fresh('ns')
  const early = ensureObject(cluster, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace } }, { timeout: 10_000 })
  await new Promise((resolve) => setTimeout(resolve, 100))
  await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  expect(await early).toMatchObject({ metadata: { name: 'x', namespace } })
  const never = ensureObject(
    cluster,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'nowhere' } },
    { timeout: 200 },
  )
  await expect(never).rejects.toMatchObject({
    code: 'API_REFUSED',
    message: expect.stringMatching(/^waited 0\.2 s for ConfigMap nowhere\/x at https.*namespaces "nowhere" not found$/),
  })
})

test('a Node is marked as soon as it is registered; its other taints stay, after ours', async (context) => {
  const cluster = (await controlPlane(context)).connect('super-admin')
  const name = fresh('n')
  const ref = { ...kinds.node, name }
  const wanted = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }
  const marks = { labels: { 'node-role.kubernetes.io/control-plane': '' }, taints: [wanted], timeout: 10_000 }
  const marking = markNode(cluster, name, marks)
  const other = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }
  await cluster.create({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { own: 'x' } },
    spec: { taints: [other, { ...wanted, value: 'old' }] },
  })
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect((await cluster.get(ref))?.metadata.labels).toEqual({ own: 'x' })
  const start = performance.now()
  await cluster.patch(ref, { metadata: { labels: { 'kubernetes.io/hostname': name } } }, 'merge')
  await marking
  expect(performance.now() - start).toBeLessThan(3000) // an event that is missed would cost all of the 10 s
  const marked = await cluster.get(ref)
  expect(marked).toMatchObject({
    metadata: { labels: { own: 'x', 'kubernetes.io/hostname': name, 'node-role.kubernetes.io/control-plane': '' } },
    spec: { taints: [wanted, expect.objectContaining(other)] },
  })
  await markNode(cluster, name, marks)
  expect((await cluster.get(ref))?.metadata.resourceVersion).toBe(marked?.metadata.resourceVersion)
})
