/**
 * Which of etcd's members a host is. etcd reads the peer URLs of its flags at its first start alone: since `etcdctl member update`, or an
 * edit of the manifest, they may be others.
 */
import type { EtcdCluster } from '../../cluster/etcd-cluster.ts'
import type { Departure } from '../../cluster/etcd-leave.ts'
import type { EtcdMember } from '../../cluster/etcd-members.ts'
import { nameOf } from '../../cluster/etcd-new-member.ts'
import type { Host } from '../../host/host.ts'
import type { EtcdOfHost } from '../../manifests/static-pods/read-etcd.ts'
import { urlHost } from '../../host/url-host.ts'

export interface OwnMemberOptions {
  readonly host: Pick<Host, 'facts'>
  /** `undefined`: no manifest tells of it. A join that was killed may have added the member before there was one. */
  readonly etcd: EtcdOfHost | undefined
  readonly connection: Pick<EtcdCluster, 'at'>
  readonly signal: AbortSignal
}

/**
 * The one that answers on the host itself; where none does, one at the peer URLs of the manifest or at an address of the host. Its name alone
 * is not enough: a machine that has taken the place of this one has the same.
 */
export async function ownMember(members: readonly EtcdMember[], options: OwnMemberOptions): Promise<EtcdMember | Departure> {
  const { host, etcd, signal } = options
  const ids = await idsOnHost(options)
  signal.throwIfAborted()
  const answering = members.find(({ id }) => ids.includes(id))
  if (answering !== undefined) return answering
  const { addresses } = await host.facts()
  const own = new Set(addresses.filter(({ loopback }) => !loopback).map(({ address }) => address))
  const isOwn = (peerUrl: string): boolean => {
    const url = URL.parse(peerUrl)
    return etcd?.peerUrls.includes(peerUrl) === true || (url !== null && own.has(urlHost(url)))
  }
  const here = members.filter(({ peerUrls }) => peerUrls.some(isOwn))
  const named = members.filter(({ name }) => name !== '' && name === etcd?.name)
  const self = named.find((member) => here.includes(member)) ?? here[0]
  if (self !== undefined) return self
  const [namesake] = named
  if (namesake === undefined) return { kind: 'no-member' }
  return {
    kind: 'unknown',
    why: `the member ${nameOf(namesake)} has its name, but neither its etcd nor its addresses tell whether it is its own`,
  }
}

async function idsOnHost({ etcd, connection, signal }: OwnMemberOptions): Promise<readonly string[]> {
  const answers = await Promise.allSettled((etcd?.ownClientUrls ?? []).map((url) => connection.at(url).status({ signal })))
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.id] : []))
}
