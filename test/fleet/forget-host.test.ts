/** What the cluster still has of a machine that died while it joined: real etcd with a learner that nobody starts. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { KubernetesObject } from '../../src/cluster/cluster.ts'
import { kinds } from '../../src/cluster/kinds.ts'
import { recordingCluster } from '../../src/cluster/recording-cluster.ts'
import { forgetHost } from '../../src/fleet/apply/forget-host.ts'
import { membersOf, type LostHost } from '../../src/fleet/look/lost-members.ts'
import { readStoredCluster } from '../../src/fleet/look/stored-cluster.ts'
import type { Host } from '../../src/host/host.ts'
import { localHost } from '../../src/host/local-host.ts'
import { etcdHosts } from '../support/etcd-hosts.ts'

/** Nobody listens there. */
const peerUrl = 'https://127.0.0.9:2380'

test('a member that never started is known by its address: that in the file, or one of its Node', async (context) => {
  const hosts = await etcdHosts(context)
  const first = await hosts.first('h1')
  const etcd = hosts.connect(first)
  await etcd.addLearner(peerUrl)

  const cluster = recordingCluster(undefined, { canned: () => undefined })
  for (const object of objects(first.member.clientUrl)) await cluster.create(object)
  const node = { ...kinds.node, metadata: { name: 'h3' }, status: { addresses: [{ type: 'InternalIP', address: '127.0.0.9' }] } }
  const options = { controlPlane: controlPlane(hosts.dir), cluster, signal: AbortSignal.timeout(50_000) }
  const stored = await readStoredCluster(cluster)
  const lost: readonly LostHost[] = [
    { name: 'h1', address: '192.0.2.1' },
    { name: 'h2', address: '127.0.0.8' },
    { name: 'h3', address: 'h3.example' },
    { name: 'h4', address: '127.0.0.9' },
  ]
  const found = (nodes: readonly KubernetesObject[]): Promise<readonly string[]> => membersOf(lost, stored, { ...options, nodes })
  expect(await found([])).toEqual(['h1', 'h4'])
  expect(await found([node])).toEqual(['h1', 'h3', 'h4'])

  await cluster.create(node)
  await forgetHost({ name: 'h3', address: 'h3.example' }, { ...options, say: () => {} })
  expect((await etcd.members()).map(({ name }) => name)).toEqual(['h1'])
  expect(await cluster.get({ ...kinds.node, name: 'h3' })).toBeUndefined()
})

/** A host that has etcd's certificates, wherever they are asked for. */
function controlPlane(dir: string): Pick<Host, 'readText' | 'dial'> {
  const names = new Map([
    ['ca.crt', 'ca.crt'],
    ['healthcheck-client.crt', 'super-admin.crt'],
    ['healthcheck-client.key', 'super-admin.key'],
  ])
  return { ...localHost(), readText: (file) => readFile(path.join(dir, names.get(path.basename(file)) ?? ''), 'utf8') }
}

function objects(clientUrl: string): readonly KubernetesObject[] {
  const namespace = 'kube-system'
  return [
    {
      ...kinds.pod,
      metadata: {
        name: 'etcd-h1',
        namespace,
        labels: { component: 'etcd', tier: 'control-plane' },
        annotations: { 'kubeadm.kubernetes.io/etcd.advertise-client-urls': clientUrl },
      },
    },
    {
      ...kinds.configMap,
      metadata: { name: 'kubeadm-config', namespace },
      data: { ClusterConfiguration: 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v1.37.2\n' },
    },
  ]
}
