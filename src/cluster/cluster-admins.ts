import { KadmError } from '../errors.ts'
import { isRefusal, isTransient } from './api-error.ts'
import type { Cluster, KubernetesObject } from './cluster.ts'
import { kinds } from './kinds.ts'
import { retryUntil, type TimeLimit } from './wait.ts'

/**
 * Gives the group of admin.conf its rights, and returns when they are in force. `superAdmin` (group system:masters, which needs no role) is
 * asked for only when the admin may not do it; it gives `undefined` where there is no super-admin.conf.
 *
 * Works from the first moment the API answers: before that server has made its own roles, and before it has read ours, it says Forbidden.
 */
export async function ensureClusterAdmins(
  admin: Cluster,
  superAdmin: () => Promise<Cluster | undefined>,
  wait: TimeLimit = { timeout: 60_000 },
): Promise<void> {
  let granted = false
  await retryUntil(
    async () => {
      try {
        await createIfAbsent(admin)
      } catch (error) {
        if (isRefusal(error, 'Forbidden') && !granted) granted = await grant(admin, superAdmin)
        throw error
      }
    },
    {
      ...wait,
      describe: `the rights of admin.conf (ClusterRoleBinding "${clusterAdmins.metadata.name}")`,
      giveUp: (error) => !isTransient(error),
    },
  )
}

/** Subjects: the group of admin.conf. kubeadm makes the same object. */
export const clusterAdmins: KubernetesObject = {
  apiVersion: kinds.clusterRoleBinding.apiVersion,
  kind: kinds.clusterRoleBinding.kind,
  metadata: { name: 'kubeadm:cluster-admins' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'kubeadm:cluster-admins' }],
}

async function createIfAbsent(cluster: Cluster): Promise<void> {
  try {
    await cluster.create(clusterAdmins)
  } catch (error) {
    if (!isRefusal(error, 'AlreadyExists')) throw error
  }
}

async function grant(admin: Cluster, superAdmin: () => Promise<Cluster | undefined>): Promise<boolean> {
  const cluster = await superAdmin()
  if (cluster) {
    await createIfAbsent(cluster)
    return true
  }
  // While the server is still reading its roles, Forbidden says nothing about them.
  const { status } = await admin.raw('/readyz')
  if (status !== 200) return false
  throw new KadmError('API_REFUSED', 'admin.conf has no rights in this cluster, and there is no super-admin.conf to give it some', {
    remedy: [
      'kadm init phase kubeconfig super-admin',
      `kubectl create clusterrolebinding ${clusterAdmins.metadata.name} --clusterrole=cluster-admin --group=kubeadm:cluster-admins`,
    ],
  })
}
