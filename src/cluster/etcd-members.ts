/** etcd's members, over the JSON gateway of its client port (https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/). */
import { KadmError, messageOf } from '../errors.ts'
import type { PoolOptions } from './connection-pool.ts'
import { requester } from './request.ts'
import { parseJson } from '../json.ts'
import { listAt, textAt, valueAt } from './object-fields.ts'

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

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

/** What one member knows of itself, without asking the others. */
export interface EtcdStatus {
  /** Hexadecimal. */
  readonly id: string
  readonly learner: boolean
  /** It knows who leads. */
  readonly hasLeader: boolean
  /** It is the one who leads. */
  readonly isLeader: boolean
  /** The newest revision, as a decimal number. */
  readonly revision: string
}

/** Every call throws ETCD_FAILED when etcd does not answer, and EtcdRefusal when it refuses. */
export interface Etcd {
  readonly server: string
  /** `ofQuorum: false`: as this member knows them, which it can say without a quorum too. A learner refuses both. */
  members(options?: CallOptions & { readonly ofQuorum?: boolean }): Promise<readonly EtcdMember[]>
  /** A learner answers too. */
  status(options?: CallOptions): Promise<EtcdStatus>
  /** Can this member answer with the consent of a quorum? `false` also when it does not answer. */
  isHealthy(options?: CallOptions): Promise<boolean>
  /** Resolves with all members, the new one among them. */
  addLearner(peerUrl: string, options?: CallOptions): Promise<readonly EtcdMember[]>
  /** Refused while the learner has not caught up. */
  promote(id: string, options?: CallOptions): Promise<readonly EtcdMember[]>
  remove(id: string, options?: CallOptions): Promise<readonly EtcdMember[]>
  /** Lets another member lead; only the leader can. */
  moveLeader(to: string, options?: CallOptions): Promise<void>
  close(): void
}

/** etcd answered, with a refusal. */
export class EtcdRefusal extends KadmError {
  /** etcd's own words: `etcdserver: too many learner members in cluster`. */
  readonly reason: string

  constructor(server: string, doing: string, reason: string) {
    super('ETCD_FAILED', `etcd at ${server} refused to ${doing}: ${reason}`, {
      remedy: [`crictl logs $(crictl ps -q --name etcd)   # on the host of ${server}`],
    })
    this.reason = reason
  }
}

/** Nothing is sent before the first call. */
export function connectEtcd(options: EtcdOptions): Etcd {
  const { timeout = 5000 } = options
  const { server, call, close } = requester({ ...options, timeout, noAnswer: silent })

  async function ask(path: string, body: unknown, doing: string, { signal }: CallOptions = {}): Promise<unknown> {
    const answer = await call({ method: 'POST', path, body, signal })
    const content = parseJson(answer.body)
    if (answer.status < 400) return content
    throw new EtcdRefusal(server, doing, textAt(content, 'message') || answer.body.trim() || `status ${answer.status}`)
  }

  async function members(path: string, body: unknown, doing: string, callOptions?: CallOptions): Promise<readonly EtcdMember[]> {
    return listAt(await ask(`/v3/cluster/member/${path}`, body, doing, callOptions), 'members').map(memberOf)
  }

  return {
    server,
    members: ({ ofQuorum = true, signal } = {}) => members('list', { linearizable: ofQuorum }, 'list its members', { signal }),
    status: async (callOptions) => statusOf(await ask('/v3/maintenance/status', {}, 'tell its status', callOptions)),
    addLearner: (peerUrl, callOptions) =>
      members('add', { peerURLs: [peerUrl], isLearner: true }, `add the member ${peerUrl}`, callOptions),
    promote: (id, callOptions) => members('promote', { ID: decimal(id) }, `promote the member ${id}`, callOptions),
    remove: (id, callOptions) => members('remove', { ID: decimal(id) }, `remove the member ${id}`, callOptions),
    async moveLeader(to, callOptions) {
      await ask('/v3/maintenance/transfer-leadership', { targetID: decimal(to) }, `let the member ${to} lead`, callOptions)
    },
    async isHealthy({ signal } = {}) {
      try {
        const { status, body } = await call({ method: 'GET', path: '/health', signal })
        return status === 200 && textAt(parseJson(body), 'health') === 'true'
      } catch (error) {
        if (options.signal?.aborted || signal?.aborted) throw error
        return false
      }
    },
    close,
  }
}

/** The gateway leaves out what is false, 0 or empty, and writes 64-bit numbers as decimal texts. */
function memberOf(value: unknown): EtcdMember {
  return {
    id: BigInt(textAt(value, 'ID')).toString(16),
    name: textAt(value, 'name'),
    peerUrls: listAt(value, 'peerURLs').map(String),
    clientUrls: listAt(value, 'clientURLs').map(String),
    learner: valueAt(value, 'isLearner') === true,
  }
}

function statusOf(value: unknown): EtcdStatus {
  const [id, leader] = [BigInt(textAt(value, 'header.member_id')), BigInt(textAt(value, 'leader'))]
  return {
    id: id.toString(16),
    learner: valueAt(value, 'isLearner') === true,
    hasLeader: leader !== 0n,
    isLeader: leader === id,
    revision: textAt(value, 'header.revision'),
  }
}

function decimal(id: string): string {
  return BigInt(`0x${id}`).toString()
}

function silent(server: string, cause: unknown): KadmError {
  return new KadmError('ETCD_FAILED', `etcd at ${server} does not answer: ${messageOf(cause)}`, {
    remedy: [`crictl ps -a --name etcd   # on the host of ${server}`],
    cause,
  })
}
