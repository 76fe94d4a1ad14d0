/** The Lease by which one of several equal components leads, freed when its holder was ended from outside. */
import { isRefusal } from './api-error.ts'
import type { Cluster } from './cluster.ts'
import { kinds } from './kinds.ts'
import { textAt } from './object-fields.ts'

export interface EndedLeader {
  /** Name of the Lease in kube-system, which is that of the component. */
  readonly name: string
  /** Host name of the machine on which the component ended: identities are `<host name>_<random>`. */
  readonly hostname: string
}

/**
 * As the component itself does it when it may: kube-scheduler frees its Lease when it is told to end; kube-controller-manager ends at once
 * and leaves it, so that nobody leads for the 15 s after which it counts as lost. To be called when no such component runs on that machine
 * any more; a Lease that somebody else holds or takes meanwhile is left alone. Throws API_REFUSED, API_UNREACHABLE.
 *
 * @returns was there one to free?
 */
export async function releaseLease(cluster: Cluster, { name, hostname }: EndedLeader): Promise<boolean> {
  const ref = { ...kinds.lease, namespace: 'kube-system', name }
  const lease = await cluster.get(ref)
  if (lease === undefined || !textAt(lease, 'spec.holderIdentity').startsWith(`${hostname}_`)) return false
  const { resourceVersion } = lease.metadata
  try {
    await cluster.patch(ref, { metadata: { resourceVersion }, spec: { holderIdentity: null, leaseDurationSeconds: 1 } }, 'merge')
    return true
  } catch (error) {
    // Whoever has written it meanwhile has taken it.
    if (isRefusal(error, 'Conflict')) return false
    throw error
  }
}
