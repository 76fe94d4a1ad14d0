/** Drains of a node against a real kube-apiserver and the real controllers; nobody plays the kubelet but the test. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test, type TestContext } from 'vitest'
import type { Cluster, KubernetesObject } from '../../src/cluster/cluster.ts'
import { cordonNode, drainNode, uncordonNode } from '../../src/cluster/drain.ts'
import { kinds, refOf } from '../../src/cluster/kinds.ts'
import { valueAt } from '../../src/cluster/object-fields.ts'
import { recordingCluster } from '../../src/cluster/recording-cluster.ts'
import { retryUntil } from '../../src/cluster/wait.ts'
import { sharedControlPlane } from '../support/control-plane.ts'
import { realBinary } from '../support/real-binary.ts'

const run = promisify(execFile)
const controlPlane = sharedControlPlane()

async function admin(context: TestContext): Promise<Cluster> {
  return (await controlPlane(context)).connect('super-admin')
}

let count = 0

async function node(cluster: Cluster, spec: object = {}): Promise<string> {
  const name = `node-${(count += 1)}`
  await cluster.create({ apiVersion: 'v1', kind: 'Node', metadata: { name }, spec })
  return name
}

/** A Pod on the node that ends at once when it is told to, as one whose kubelet is quick. */
async function pod(
  cluster: Cluster,
  nodeName: string,
  { owner = 'ReplicaSet', labels = {}, grace = 0, annotations = {} } = {},
): Promise<KubernetesObject> {
  const namespace = 'default'
  await cluster.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } }).catch(() => undefined)
  const ownerReferences =
    owner === '' ? [] : [{ apiVersion: 'apps/v1', kind: owner, name: 'x', uid: '00000000-0000-0000-0000-000000000001', controller: true }]
  const container = { name: 'a', image: 'a' }
  return cluster.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${(count += 1)}`, namespace, labels, annotations, ownerReferences },
    spec: { nodeName, terminationGracePeriodSeconds: grace, containers: [container], automountServiceAccountToken: false },
  })
}

function isThere(cluster: Cluster, object: KubernetesObject): Promise<boolean> {
  return cluster.get(refOf(object)).then((found) => found !== undefined)
}

async function cordon(cluster: Cluster, name: string): Promise<unknown> {
  return valueAt(await cluster.get({ ...kinds.node, name }), 'spec.unschedulable')
}

const quiet = { timeout: 3000, say: () => {} }

test('Pods with a controller go; those of DaemonSets, mirror Pods and other nodes stay; the node is cordoned and back again', async (context) => {
  const cluster = await admin(context)
  const [name, other] = [await node(cluster), await node(cluster)]
  const going = [await pod(cluster, name), await pod(cluster, name, { owner: 'StatefulSet' }), await pod(cluster, name, { owner: 'Job' })]
  const staying = [
    await pod(cluster, name, { owner: 'DaemonSet' }),
    await pod(cluster, name, { owner: 'Node', annotations: { 'kubernetes.io/config.mirror': 'x' } }),
    await pod(cluster, other),
  ]
  const lines: string[] = []
  await drainNode(cluster, name, { ...quiet, say: (line) => void lines.push(line) })
  expect(await Promise.all(going.map((one) => isThere(cluster, one)))).toEqual([false, false, false])
  expect(await Promise.all(staying.map((one) => isThere(cluster, one)))).toEqual([true, true, true])
  expect(lines.toSorted()).toEqual(going.map(({ metadata }) => `Evicting Pod default/${metadata.name}`).toSorted())
  expect(await cordon(cluster, name)).toBe(true)
  await drainNode(cluster, name, quiet)
  await uncordonNode(cluster, name)
  expect(await cordon(cluster, name)).toBeUndefined()
  expect((await cluster.get({ ...kinds.node, name }))?.metadata.annotations).toBeUndefined()
})

test('a node that somebody else has cordoned stays so', async (context) => {
  const cluster = await admin(context)
  const name = await node(cluster, { unschedulable: true })
  await cordonNode(cluster, name)
  await uncordonNode(cluster, name)
  expect(await cordon(cluster, name)).toBe(true)
})

test('a Pod that nobody makes anew stops the drain before anything is evicted, unless it is forced', async (context) => {
  const cluster = await admin(context)
  const name = await node(cluster)
  const [bare, other] = [await pod(cluster, name, { owner: '' }), await pod(cluster, name)]
  await expect(drainNode(cluster, name, quiet)).rejects.toMatchObject({
    code: 'DRAIN_BLOCKED',
    details: [`Pod default/${bare.metadata.name}`],
    remedy: [`kubectl -n default delete pod ${bare.metadata.name}`],
  })
  expect(await isThere(cluster, other)).toBe(true)
  await drainNode(cluster, name, { ...quiet, force: true })
  expect(await isThere(cluster, bare)).toBe(false)
})

test('a PodDisruptionBudget is respected: the time-out names the Pod and the budget; once it allows it, the drain goes on', async (context) => {
  const plane = await controlPlane(context)
  plane.start(context, 'kube-controller-manager', [
    `--kubeconfig=${plane.dir}/super-admin.conf`,
    '--controllers=disruption,replicaset',
    '--leader-elect=false',
    '--secure-port=0',
  ])
  const cluster = plane.connect('super-admin')
  const name = await node(cluster)
  const guarded = await pod(cluster, name, { labels: { app: 'guarded' } })
  // A Pod that does not run yet is protected by no budget.
  const running = JSON.stringify({ status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } })
  await run(realBinary(context, 'kubectl'), [
    `--kubeconfig=${plane.dir}/super-admin.conf`,
    'patch',
    'pod',
    guarded.metadata.name,
    '--subresource=status',
    '-p',
    running,
  ])
  const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'never', namespace: 'default' } }
  await cluster.create({ ...budget, spec: { minAvailable: 1, selector: { matchLabels: { app: 'guarded' } } } })
  await retryUntil(
    async () => {
      if (valueAt(await cluster.get(refOf(budget)), 'status.observedGeneration') !== 1) throw new Error('not looked at')
    },
    { timeout: 30_000, describe: 'the budget' },
  )
  await expect(drainNode(cluster, name, { ...quiet, timeout: 500 })).rejects.toMatchObject({
    code: 'DRAIN_BLOCKED',
    message: expect.stringMatching(
      new RegExp(
        `^waited 0\\.5 s for the Pods of node "${name}" to leave it .*Pod default/${guarded.metadata.name}: Cannot evict pod .* The disruption budget never needs 1 healthy pods`,
      ),
    ) as string,
  })
  const drained = drainNode(cluster, name, { ...quiet, timeout: 10_000 })
  await cluster.delete(refOf(budget))
  await drained
  expect(await isThere(cluster, guarded)).toBe(false)
})

test('a Pod that takes its time is waited for and named', async (context) => {
  const cluster = await admin(context)
  const name = await node(cluster)
  const slow = await pod(cluster, name, { grace: 30 })
  await expect(drainNode(cluster, name, { ...quiet, timeout: 300 })).rejects.toThrow(`Pod default/${slow.metadata.name}: it is ending`)
})

test('a recording plans the evictions', async (context) => {
  const cluster = await admin(context)
  const name = await node(cluster)
  const going = await pod(cluster, name)
  const recording = recordingCluster(cluster)
  await drainNode(recording, name, quiet)
  await uncordonNode(recording, name)
  expect(recording.plan().map(({ verb, resource, name: object }) => `${verb} ${resource} ${object}`)).toEqual([
    `patch nodes ${name}`,
    `evict pods ${going.metadata.name}`,
    `patch nodes ${name}`,
  ])
  expect(await isThere(cluster, going)).toBe(true)
  expect(await cordon(cluster, name)).toBeUndefined()
})
