/** Objects as they should be, whatever is there: create, or replace (kubeadm's way, so that either tool can follow the other). */
import { isRefusal, isTransient } from './api-error.ts'
import type { Cluster, KubernetesObject } from './cluster.ts'
import { describeRef, refOf } from './kinds.ts'
import { retryUntil, type TimeLimit } from './wait.ts'

/** kubeadm's `kubernetesAPICall`. */
const defaultWait: TimeLimit = { timeout: 60_000 }

/** Creates the object, or replaces the one of its name. Tries again until the deadline, unless the API finds the object itself wrong. */
export function ensureObject(cluster: Cluster, object: KubernetesObject, wait: TimeLimit = defaultWait): Promise<KubernetesObject> {
  return persistently(cluster, object, wait, () => createOrReplace(cluster, object))
}

/** Creates the object; one of its name that is there is left as it is and returned. */
export function ensureExists(cluster: Cluster, object: KubernetesObject, wait: TimeLimit = defaultWait): Promise<KubernetesObject> {
  return persistently(cluster, object, wait, async () => {
    try {
      return await cluster.create(object)
    } catch (error) {
      const present = isRefusal(error, 'AlreadyExists') && (await cluster.get(refOf(object)))
      if (present) return present
      throw error
    }
  })
}

/** All side by side: none of the objects that kadm makes needs another one first (the API checks no references). */
export async function ensureObjects(
  cluster: Cluster,
  objects: readonly KubernetesObject[],
  wait: TimeLimit = defaultWait,
): Promise<readonly KubernetesObject[]> {
  const results = await Promise.allSettled(objects.map((object) => ensureObject(cluster, object, wait)))
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}

function persistently(cluster: Cluster, object: KubernetesObject, wait: TimeLimit, attempt: () => Promise<KubernetesObject>) {
  const describe = `${describeRef(refOf(object))} at ${cluster.server}`
  return retryUntil(attempt, { ...wait, describe, giveUp: (error) => !isTransient(error) })
}

async function createOrReplace(cluster: Cluster, object: KubernetesObject): Promise<KubernetesObject> {
  try {
    return await cluster.create(object)
  } catch (error) {
    if (isRefusal(error, 'AlreadyExists')) return cluster.replace(object)
    // A Service with a fixed address is checked against the addresses in use before its name is: its own earlier self makes it `Invalid`.
    if (object.kind === 'Service' && isRefusal(error, 'Invalid') && (await cluster.get(refOf(object)))) return cluster.replace(object)
    throw error
  }
}
