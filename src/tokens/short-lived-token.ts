import type { Cluster } from '../cluster/cluster.ts'
import { ensureToken, type TokenOptions } from './tokens-in-cluster.ts'

export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller: boolean
  readonly blockOwnerDeletion: boolean
}

/**
 * Makes a token that serves for nothing but to end: the token cleaner deletes its Secret after two hours, and what it owns goes with it.
 * Resolves with the reference for the owned object. Repeated with the same token: that one, for another two hours.
 */
export async function ensureShortLivedToken(cluster: Cluster, token: string, options: TokenOptions): Promise<OwnerReference> {
  const description = 'Proxy for managing TTL for the kubeadm-certs secret'
  const secret = await ensureToken(cluster, { token, description, ttl: twoHours, usages: [], groups: [] }, options)
  const { name, uid = '' } = secret.metadata
  return { apiVersion: secret.apiVersion, kind: secret.kind, name, uid, controller: true, blockOwnerDeletion: true }
}

const twoHours = 2 * 60 * 60 * 1000
