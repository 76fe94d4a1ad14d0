/** All members of one etcd: whoever answers is asked, so that a host that is down holds nobody up. */
import { hasCode } from '../errors.ts'
import { connectEtcd, EtcdRefusal, type CallOptions, type Etcd, type EtcdMember, type EtcdOptions } from './etcd-members.ts'

export interface EtcdClusterOptions extends Omit<EtcdOptions, 'server'> {
  /** Client URLs to begin with (`etcdEndpoints`), one or more; the voters that the members tell of are added. */
  readonly endpoints: readonly string[]
}

/** As `Etcd`, of the cluster as a whole. Calls throw ETCD_FAILED when nobody answers, and EtcdRefusal. */
export interface EtcdCluster extends Pick<Etcd, 'members' | 'addLearner' | 'promote' | 'close'> {
  /** Nothing happens when it is not there (any more): the answer to an earlier call may have been lost. */
  remove(id: string, options?: CallOptions): Promise<readonly EtcdMember[]>
  /** One member by its client URL, with the same credentials. Closed with the cluster. */
  at(clientUrl: string): Etcd
}

/** Nothing is sent before the first call. */
export function connectEtcdCluster({ endpoints, ...options }: EtcdClusterOptions): EtcdCluster {
  const connections = new Map<string, Etcd>()
  let known: readonly string[] = endpoints

  const at = (url: string): Etcd => {
    const found = connections.get(url) ?? connectEtcd({ ...options, server: url })
    connections.set(url, found)
    return found
  }
  const prefer = (url: string): void => {
    known = [url, ...known.filter((other) => other !== url)]
  }
  const learn = (members: readonly EtcdMember[]): readonly EtcdMember[] => {
    const voters = members.filter(({ learner }) => !learner).flatMap(({ clientUrls }) => clientUrls)
    known = [...new Set([...known.filter((url) => voters.includes(url)), ...voters, ...known])]
    return members
  }
  /** A change goes to one after the other: asked twice at once, etcd would refuse one of them. */
  const inTurn = async (ask: (etcd: Etcd) => Promise<readonly EtcdMember[]>): Promise<readonly EtcdMember[]> => {
    let last: unknown
    for (const url of known) {
      try {
        const members = await ask(at(url))
        prefer(url)
        return learn(members)
      } catch (error) {
        if (!mayOtherAnswer(error)) throw error
        last = error
      }
    }
    throw last
  }
  /** Listing changes nothing: all are asked at once, the first answer counts. */
  const fromFirst = async (ask: (etcd: Etcd) => Promise<readonly EtcdMember[]>): Promise<readonly EtcdMember[]> => {
    const tries = known.map(async (url) => ({ url, members: await ask(at(url)) }))
    try {
      const { url, members } = await Promise.any(tries)
      prefer(url)
      return learn(members)
    } catch (error) {
      throw error instanceof AggregateError ? (error.errors[0] as unknown) : error
    }
  }

  return {
    at,
    members: (call) => fromFirst((etcd) => etcd.members(call)),
    addLearner: (peerUrl, call) => inTurn((etcd) => etcd.addLearner(peerUrl, call)),
    promote: (id, call) => inTurn((etcd) => etcd.promote(id, call)),
    remove: (id, call) =>
      inTurn((etcd) => etcd.remove(id, call)).catch((error: unknown) => {
        if (error instanceof EtcdRefusal && error.reason.includes('member not found')) return fromFirst((etcd) => etcd.members(call))
        throw error
      }),
    close: () => connections.forEach((etcd) => etcd.close()),
  }
}

/** Connects for as long as it is used. */
export async function withEtcdCluster<T>(options: EtcdClusterOptions, use: (etcd: EtcdCluster) => Promise<T>): Promise<T> {
  const etcd = connectEtcdCluster(options)
  try {
    return await use(etcd)
  } finally {
    etcd.close()
  }
}

/** No answer, or one of a member that is not in a position to decide. */
function mayOtherAnswer(error: unknown): boolean {
  if (error instanceof EtcdRefusal)
    return /not supported for learner|no leader|not leader|request timed out|server stopped/i.test(error.reason)
  return hasCode(error, 'ETCD_FAILED')
}
