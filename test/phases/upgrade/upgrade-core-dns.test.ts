import { expect, test } from 'vitest'
import type { KubernetesObject } from '../../../src/cluster/cluster.ts'
import { recordingCluster } from '../../../src/cluster/recording-cluster.ts'
import { defaultCorefile } from '../../../src/manifests/addons/corefile.ts'
import { localHost } from '../../../src/host/local-host.ts'
import { upgradeCoreDns } from '../../../src/phases/upgrade/upgrade-core-dns.ts'
import { loadInitConfig } from '../../../src/config/load/load-init.ts'

const custom = '.:53 {\n    errors\n    hosts { 10.0.0.1 own.example }\n    forward . 10.0.0.53\n}\n'
/** What an installer wrote once: the default of 1.7.0. */
const old = defaultCorefile('')

test.each([
  {
    name: "somebody's own Corefile stays, CoreDNS is replaced",
    version: 'v1.14.2',
    corefile: custom,
    writes: { configmaps: 0, deployments: 1 },
    warns: 0,
  },
  {
    name: 'the Corefile of an installer is replaced',
    version: 'v1.14.2',
    corefile: old,
    writes: { configmaps: 1, deployments: 1 },
    warns: 0,
  },
  {
    name: 'with a CoreDNS that nobody knows, both stay',
    version: 'v1.99.0',
    corefile: custom,
    writes: { configmaps: 0, deployments: 0 },
    warns: 1,
  },
  { name: 'a newer CoreDNS is not taken back', version: 'v1.15.0', corefile: old, writes: { configmaps: 0, deployments: 0 }, warns: 1 },
])('$name', async ({ version, corefile, writes, warns }) => {
  const { cluster, upgrade, warnings } = await play({ version, corefile })
  const before = cluster.plan().length
  await upgrade()
  const replaced = cluster
    .plan()
    .slice(before)
    .filter(({ verb }) => verb === 'replace')
  const count = (resource: string): number => replaced.filter((call) => call.resource === resource).length
  expect({ configmaps: count('configmaps'), deployments: count('deployments') }).toEqual(writes)
  expect(warnings).toHaveLength(warns)
  const deployment = await cluster.get({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'kube-system', name: 'coredns' })
  expect(deployment?.['spec']).toMatchObject({ replicas: 5 })
  expect(JSON.stringify(deployment)).toContain(`coredns:${writes.deployments === 1 ? 'v1.14.6' : version}`)
})

async function play({ version, corefile }: { readonly version: string; readonly corefile: string }) {
  const host = localHost()
  const flags = { 'apiserver-advertise-address': '192.0.2.1', 'kubernetes-version': 'v1.37.2', 'node-name': 'h1' }
  const { config } = await loadInitConfig({ flags, host, needs: { criSocket: false } })
  const cluster = recordingCluster(undefined)
  const labels = { 'k8s-app': 'kube-dns' }
  const there: readonly KubernetesObject[] = [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'coredns', namespace: 'kube-system' }, data: { Corefile: corefile } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'coredns', namespace: 'kube-system', labels },
      spec: { replicas: 5, template: { spec: { containers: [{ name: 'coredns', image: `registry.k8s.io/coredns/coredns:${version}` }] } } },
    },
  ]
  for (const object of there) await cluster.create(object)
  const warnings: string[] = []
  const context = {
    signal: new AbortController().signal,
    say: () => {},
    warn: (line: string) => void warnings.push(line),
    waiting: () => {},
    result: () => {},
  }
  return { cluster, warnings, upgrade: () => upgradeCoreDns({ host, timeout: 1000, config, cluster, context }) }
}
