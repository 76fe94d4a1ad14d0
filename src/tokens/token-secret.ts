/** A bootstrap token as the Secret that the API server, its token cleaner and its signer know (core: kubeadm's `bootstraptoken/v1`). */
import type { KubernetesObject } from '../cluster/cluster.ts'
import { kinds } from '../cluster/kinds.ts'
import type { BootstrapToken } from '../config/model.ts'
import { KadmError } from '../errors.ts'
import { instant } from '../host/instant.ts'
import { isObject } from '../json.ts'
import { formatToken, parseToken } from './bootstrap-token.ts'

export const tokenSecretType = 'bootstrap.kubernetes.io/token'
export const tokenNamespace = 'kube-system'

export function tokenSecretName(id: string): string {
  return `bootstrap-token-${id}`
}

/** `now` is where the ttl starts; `expires` goes before it. Throws TOKEN_INVALID. */
export function tokenToSecret({ token, description, ttl = 0, expires, usages, groups }: BootstrapToken, now: Date): KubernetesObject {
  const { id, secret } = parseToken(token)
  const end = expires ?? (ttl > 0 ? new Date(now.getTime() + ttl) : undefined)
  const texts: Readonly<Record<string, string>> = {
    ...(groups.length > 0 && { 'auth-extra-groups': groups.join(',') }),
    ...(description && { description }),
    ...(end && { expiration: instant(end) }),
    'token-id': id,
    'token-secret': secret,
    ...Object.fromEntries([...usages].sort().map((usage) => [`usage-bootstrap-${usage}`, 'true'])),
  }
  return {
    apiVersion: kinds.secret.apiVersion,
    kind: kinds.secret.kind,
    metadata: { name: tokenSecretName(id), namespace: tokenNamespace },
    type: tokenSecretType,
    data: Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')])),
  }
}

/** The other way; `expires` instead of `ttl`, usages sorted. Throws TOKEN_INVALID and names the Secret. */
export function tokenFromSecret({ metadata: { name }, data }: KubernetesObject): BootstrapToken {
  const texts = decode(data)
  const id = texts.get('token-id')
  const secret = texts.get('token-secret')
  if (!id) throw invalidSecret(name, 'it has no token-id')
  if (name !== tokenSecretName(id)) throw invalidSecret(name, `a token with id "${id}" must be named "${tokenSecretName(id)}"`)
  if (!secret) throw invalidSecret(name, 'it has no token-secret')
  const token = formatToken({ id, secret })
  parseToken(token)
  const expiration = texts.get('expiration')
  const description = texts.get('description')
  return {
    token,
    ...(description && { description }),
    ...(expiration && { expires: parseTime(name, expiration) }),
    usages: [...texts]
      .flatMap(([key, text]) => (key.startsWith(usagePrefix) && text === 'true' ? [key.slice(usagePrefix.length)] : []))
      .sort(),
    groups: texts.get('auth-extra-groups')?.split(',') ?? [],
  }
}

const usagePrefix = 'usage-bootstrap-'

function decode(data: unknown): ReadonlyMap<string, string> {
  const entries = isObject(data) ? Object.entries(data) : []
  return new Map(
    entries.map(([key, value]) => [key, Buffer.from(String(value), 'base64').toString()] as const).filter(([, text]) => text !== ''),
  )
}

function parseTime(name: string, text: string): Date {
  const time = new Date(text)
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) || Number.isNaN(time.getTime())) {
    throw invalidSecret(name, `its expiration "${text}" is not a time such as 2026-01-02T03:04:05Z`)
  }
  return time
}

function invalidSecret(name: string, problem: string): KadmError {
  return new KadmError('TOKEN_INVALID', `the bootstrap token Secret "${name}" cannot be used: ${problem}`, {
    remedy: [`kubectl -n ${tokenNamespace} delete secret ${name}`],
  })
}
