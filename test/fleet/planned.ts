/** What `decide` comes to, in words, of hosts and a cluster that are made up. */
import { parseClusterFile, type ClusterFile } from '../../src/config/cluster-file.ts'
import type { ClusterState, NodeState } from '../../src/fleet/look/cluster-state.ts'
import type { ReachedHost } from '../../src/fleet/look/host-state.ts'
import { decide } from '../../src/fleet/plan/decide.ts'
import { reachedHost } from './reached-host.ts'

export type Hosts = Readonly<Record<string, Partial<ReachedHost>>>

export interface Planned {
  readonly actions: readonly string[]
  readonly problems: readonly string[]
}

export function planned(wanted: ClusterFile, hosts: Hosts, cluster: ClusterState): Planned {
  const states = new Map(Object.entries(hosts).map(([name, state]) => [name, reachedHost({ hostname: name, ...state })]))
  const { actions, problems } = decide(wanted, states, cluster)
  return { actions: actions.map(({ host, kind }) => `${host} ${kind}`), problems }
}

/** Control planes of the newest version. */
export function running(...names: readonly string[]): Extract<ClusterState, { kind: 'running' }> {
  const nodes = names.map((name): NodeState => ({ name, isControlPlane: true, kubelet: 'v1.37.2', labels: {}, taints: [] }))
  return { kind: 'running', server: 'https://lb:6443', kubernetesVersion: 'v1.37.2', nodes, lostMembers: [] }
}

/** @param worker further fields of each worker; @param more of the spec */
export function fileOf(roles: Readonly<Record<string, string>>, worker: object = {}, more: object = {}): ClusterFile {
  const hosts = Object.entries(roles).map(([name, role], index) => ({
    name,
    role,
    address: `192.168.7.${index + 1}`,
    ...(role === 'worker' && worker),
  }))
  const spec = { kubernetesVersion: 'v1.37.2', controlPlaneEndpoint: 'lb:6443', hosts, ...more }
  return parseClusterFile(JSON.stringify({ apiVersion: 'kadm.dev/v1alpha1', kind: 'Cluster', metadata: { name: 'c' }, spec }), 'c.yaml')
}
