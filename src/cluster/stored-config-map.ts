/** The ConfigMaps of kube-system in which a cluster keeps its configuration. */
import { refusesForGood } from './api-error.ts'
import type { Cluster, KubernetesObject } from './cluster.ts'
import { fieldOf } from '../json.ts'
import { describeRef, kinds } from './kinds.ts'
import { retryUntil, type TimeLimit } from './wait.ts'

export interface StoredConfigMapOptions extends TimeLimit {
  /** A key: until it is there the answer is awaited, as failures are. Without it "not there" is an answer. */
  readonly holding?: string
  /** Default: a refusal that is not of a young API server's making. */
  readonly giveUp?: (error: unknown) => boolean
}

/** Asks until there is an answer. Throws as `retryUntil`. */
export function awaitConfigMap(
  cluster: Pick<Cluster, 'get'>,
  name: string,
  { holding, giveUp = refusesForGood(), ...wait }: StoredConfigMapOptions,
): Promise<KubernetesObject | undefined> {
  const look = async (): Promise<KubernetesObject | undefined> => {
    const found = await getConfigMap(cluster, name)
    if (holding === undefined || configMapText(found, holding) !== undefined) return found
    throw new Error(found === undefined ? 'it is not there' : `it has no "${holding}"`)
  }
  return retryUntil(look, { ...wait, describe: describeRef(refOf(name)), giveUp })
}

export function getConfigMap(cluster: Pick<Cluster, 'get'>, name: string): Promise<KubernetesObject | undefined> {
  return cluster.get(refOf(name))
}

/** What it has under this key. */
export function configMapText(object: KubernetesObject | undefined, key: string): string | undefined {
  const text = fieldOf(object?.['data'], key)
  return typeof text === 'string' ? text : undefined
}

function refOf(name: string) {
  return { ...kinds.configMap, namespace: 'kube-system', name }
}
