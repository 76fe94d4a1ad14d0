/** etcd's members, over the JSON gateway of its client port (https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/). */
import { KadmError, messageOf } from '../errors.ts'
import type { PoolOptions } from './connection-pool.ts'
import { requester } from './request.ts'

export interface EtcdOptions extends PoolOptions {
  /** `https://host:2379`. */
  readonly server: string
  readonly signal?: AbortSignal
  /** Milliseconds for one call; default 5000. */
  readonly timeout?: number
}

export interface EtcdMember {
  /** Hexadecimal, as etcd and its tools print it. */
  readonly id: string
  /** '' until it has started. */
  readonly name: string
  readonly peerUrls: readonly string[]
  readonly clientUrls: readonly string[]
  /** Gets the data, but has no vote yet. */
  readonly learner: boolean
}

/** Every call throws ETCD_FAILED when etcd does not answer or refuses. */
export interface Etcd {
  readonly server: string
  members(): Promise<readonly EtcdMember[]>
  /** Can this member answer with the consent of a quorum? `false` also when it does not answer. */
  isHealthy(): Promise<boolean>
  /** Resolves with all members, the new one among them. */
  addLearner(peerUrl: string): Promise<readonly EtcdMember[]>
  /** Refused while the learner has not caught up. */
  promote(id: string): Promise<readonly EtcdMember[]>
  remove(id: string): Promise<readonly EtcdMember[]>
  close(): void
}

export function connectEtcd(options: EtcdOptions): Etcd {
  const { timeout = 5000 } = options
  const { server, call, close } = requester({ ...options, timeout, noAnswer: silent })

  async function members(path: string, body: unknown, doing: string): Promise<readonly EtcdMember[]> {
    const answer = await call({ method: 'POST', path: `/v3/cluster/member/${path}`, body })
    const content = parse(answer.body)
    if (answer.status >= 400) throw refused(server, doing, textOf(content, 'message') || answer.body.trim() || `status ${answer.status}`)
    return listOf(content, 'members').map(memberOf)
  }

  return {
    server,
    members: () => members('list', { linearizable: true }, 'list its members'),
    addLearner: (peerUrl) => members('add', { peerURLs: [peerUrl], isLearner: true }, `add the member ${peerUrl}`),
    promote: (id) => members('promote', { ID: decimal(id) }, `promote the member ${id}`),
    remove: (id) => members('remove', { ID: decimal(id) }, `remove the member ${id}`),
    async isHealthy() {
      try {
        const { status, body } = await call({ method: 'GET', path: '/health' })
        return status === 200 && textOf(parse(body), 'health') === 'true'
      } catch (error) {
        if (options.signal?.aborted) throw error
        return false
      }
    },
    close,
  }
}

/** The gateway leaves out what is false, 0 or empty, and writes 64-bit numbers as decimal texts. */
function memberOf(value: unknown): EtcdMember {
  return {
    id: BigInt(textOf(value, 'ID')).toString(16),
    name: textOf(value, 'name'),
    peerUrls: listOf(value, 'peerURLs').map(String),
    clientUrls: listOf(value, 'clientURLs').map(String),
    learner: fieldOf(value, 'isLearner') === true,
  }
}

function decimal(id: string): string {
  return BigInt(`0x${id}`).toString()
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(key) : undefined
}

function textOf(value: unknown, key: string): string {
  const text = fieldOf(value, key)
  return typeof text === 'string' ? text : ''
}

function listOf(value: unknown, key: string): readonly unknown[] {
  const list = fieldOf(value, key)
  return Array.isArray(list) ? list : []
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function silent(server: string, cause: unknown): KadmError {
  return new KadmError('ETCD_FAILED', `etcd at ${server} does not answer: ${messageOf(cause)}`, {
    remedy: ['crictl ps -a --name etcd'],
    cause,
  })
}

function refused(server: string, doing: string, message: string): KadmError {
  return new KadmError('ETCD_FAILED', `etcd at ${server} refused to ${doing}: ${message}`, {
    remedy: ['crictl logs $(crictl ps -q --name etcd)'],
  })
}
