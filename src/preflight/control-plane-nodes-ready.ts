import type { Cluster } from '../cluster/cluster.ts'
import { kinds } from '../cluster/kinds.ts'
import { conditionAt } from '../cluster/object-fields.ts'
import { failed, passed, type Check } from './check.ts'

export function controlPlaneNodesReady(cluster: Pick<Cluster, 'list'>): Check {
  return {
    name: 'ControlPlaneNodesReady',
    requires: 'every control-plane node Ready',
    run: async () => {
      const nodes = await cluster.list(kinds.node, { labelSelector: 'node-role.kubernetes.io/control-plane=' })
      // A Node that has no such condition yet is passed over, as by kubeadm.
      const names = nodes.filter((node) => !['', 'True'].includes(conditionAt(node, 'Ready'))).map(({ metadata }) => metadata.name)
      return names.length === 0
        ? passed
        : failed(`control-plane nodes that are not Ready: ${names.join(', ')}; see "kubectl describe node ${names[0]}"`)
    },
  }
}
