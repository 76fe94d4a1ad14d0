import type { Cluster } from '../cluster/cluster.ts'
import { generateToken } from './bootstrap-token.ts'
import { createToken, type TokenOptions } from './ensure-token.ts'

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
 * Resolves with the reference for the owned object. Each call makes another token, as kubeadm does.
 */
export async function ensureShortLivedToken(cluster: Cluster, options: TokenOptions): Promise<OwnerReference> {
  const description = 'Proxy for managing TTL for the kubeadm-certs secret'
  const secret = await createToken(cluster, { token: generateToken(), description, ttl: twoHours, usages: [], groups: [] }, options)
  const { name, uid = '' } = secret.metadata
  return { apiVersion: secret.apiVersion, kind: secret.kind, name, uid, controller: true, blockOwnerDeletion: true }
}

const twoHours = 2 * 60 * 60 * 1000
