import type { Cluster } from '../cluster/cluster.ts'
import { kinds } from '../cluster/kinds.ts'
import { conditionAt } from '../cluster/object-fields.ts'
import { paths } from '../config/paths.ts'
import { failed, passed, type Check, type OwnedByUnfinishedRun } from './check.ts'

/**
 * No other host is the Node of this name: one that is Ready has a kubelet that lives. A Node that is not may be that of a lost host, and is
 * taken over, as with kubeadm (which looks only after it has changed the host). `cluster`: with the bootstrap token's rights.
 */
export function nodeNameFree(cluster: Pick<Cluster, 'get'>, name: string, own: OwnedByUnfinishedRun): Check {
  return {
    name: 'NodeNameFree',
    requires: 'no Node of this name that is Ready',
    run: async () => {
      const node = await cluster.get({ ...kinds.node, name })
      // The kubelet that an unfinished run has started here registers itself.
      if (node === undefined || conditionAt(node, 'Ready') !== 'True' || own.owns(paths.kubeletConfig)) return passed
      return failed(
        `the cluster has a Node "${name}" that is Ready: give this one another name (--node-name), or, if it is this host, "kubectl delete node ${name}" and "kadm reset" here first`,
      )
    },
  }
}
