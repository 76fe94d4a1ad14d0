/** The bootstrap tokens of a cluster, which are Secrets there: made, listed, deleted. */
import { ensureObject } from '../cluster/apply-object.ts'
import { isRefusal, isTransient } from '../cluster/api-error.ts'
import type { Cluster, KubernetesObject } from '../cluster/cluster.ts'
import { kinds } from '../cluster/kinds.ts'
import { retryUntil, type TimeLimit } from '../cluster/wait.ts'
import type { BootstrapToken } from '../config/model.ts'
import { KadmError } from '../errors.ts'
import { parseToken, tokenIdOf } from './bootstrap-token.ts'
import { tokenFromSecret, tokenNamespace, tokenSecretName, tokenSecretType, tokenToSecret } from './token-secret.ts'

export interface TokenOptions extends Partial<TimeLimit> {
  /** Where the ttl starts. */
  readonly now: Date
}

/** Makes the token's Secret, or makes one of its id the same. Resolves with the Secret. */
export function ensureToken(
  cluster: Cluster,
  token: BootstrapToken,
  { now, timeout = 60_000, signal }: TokenOptions,
): Promise<KubernetesObject> {
  return ensureObject(cluster, tokenToSecret(token, now), { timeout, signal })
}

/** Makes a new token's Secret; throws TOKEN_INVALID when there is one of its id. */
export async function createToken(
  cluster: Cluster,
  token: BootstrapToken,
  { now, timeout = 60_000, signal }: TokenOptions,
): Promise<KubernetesObject> {
  const { id } = parseToken(token.token)
  const giveUp = (error: unknown) => !isTransient(error) || isRefusal(error, 'AlreadyExists', 'Forbidden', 'Unauthorized')
  try {
    const describe = `the bootstrap token "${id}" to be made`
    return await retryUntil(() => cluster.create(tokenToSecret(token, now)), { timeout, signal, describe, giveUp })
  } catch (error) {
    if (!isRefusal(error, 'AlreadyExists')) throw error
    throw new KadmError('TOKEN_INVALID', `a token with id "${id}" already exists`, {
      remedy: [`kadm token delete ${id}`, 'kadm token create'],
      cause: error,
    })
  }
}

export interface TokenList {
  readonly tokens: readonly BootstrapToken[]
  /** Secrets of the type which are no tokens, and why. */
  readonly malformed: readonly KadmError[]
}

/** All tokens of the cluster, in the API's order (by id). */
export async function listTokens(cluster: Cluster): Promise<TokenList> {
  const secrets = await cluster.list({ ...kinds.secret, namespace: tokenNamespace }, { fieldSelector: `type=${tokenSecretType}` })
  const tokens: BootstrapToken[] = []
  const malformed: KadmError[] = []
  for (const secret of secrets) {
    try {
      tokens.push(tokenFromSecret(secret))
    } catch (error) {
      if (!(error instanceof KadmError)) throw error
      malformed.push(error)
    }
  }
  return { tokens, malformed }
}

/** By token or id. Throws TOKEN_INVALID for another text; whether there was one is told. */
export async function deleteToken(cluster: Cluster, tokenOrId: string): Promise<{ readonly id: string; readonly existed: boolean }> {
  const id = tokenIdOf(tokenOrId)
  const ref = { ...kinds.secret, namespace: tokenNamespace, name: tokenSecretName(id) }
  const existed = (await cluster.get(ref)) !== undefined
  await cluster.delete(ref)
  return { id, existed }
}
