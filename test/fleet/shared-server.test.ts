import { expect, test } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.ts'
import { sharedServer } from '../../src/fleet/apply/shared-server.ts'

const stored = (endpoint: string): Readonly<Record<string, string>> => ({
  ClusterConfiguration: `apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v1.37.2\n${endpoint}`,
})
const info = {
  kubeconfig: 'apiVersion: v1\nkind: Config\nclusters: [{name: "", cluster: {server: "https://192.0.2.1:6443"}}]\n',
}

test.each([
  {
    name: 'the endpoint',
    maps: { 'kubeadm-config': stored('controlPlaneEndpoint: lb:8443\n'), 'cluster-info': info },
    is: 'https://lb:8443',
  },
  { name: 'one without a port', maps: { 'kubeadm-config': stored('controlPlaneEndpoint: lb\n') }, is: 'https://lb:7443' },
  { name: 'cluster-info', maps: { 'kubeadm-config': stored(''), 'cluster-info': info }, is: 'https://192.0.2.1:6443' },
  { name: 'a cluster-info that is none', maps: { 'cluster-info': { kubeconfig: '[' } }, is: undefined },
  { name: 'nothing', maps: {}, is: undefined },
])('where nodes reach the API, by what the cluster keeps: $name', async ({ maps, is }) => {
  let failures = 1
  const data = new Map<string, Readonly<Record<string, string>>>(Object.entries(maps))
  const cluster: Pick<Cluster, 'get' | 'server'> = {
    server: 'https://127.0.0.1:7443',
    get: async ({ name }) => {
      if (failures-- > 0) throw new Error('not yet')
      const found = data.get(name)
      return found && { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: found }
    },
  }
  expect(await sharedServer(cluster, { timeout: 5000 })).toBe(is)
})
