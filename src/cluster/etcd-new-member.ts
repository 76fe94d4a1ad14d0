/** The member of etcd that a host is to become. */
import type { Host } from '../host/host.ts'
import type { EtcdCluster } from './etcd-cluster.ts'
import type { EtcdMember } from './etcd-members.ts'

export interface NewMember {
  /** The Node's name. */
  readonly name: string
  /** `https://<advertise address>:2380` */
  readonly peerUrl: string
  /** `https://<advertise address>:2379` */
  readonly clientUrl: string
  /** Folder on the host. */
  readonly dataDir: string
}

export interface InitialClusterMember {
  readonly name: string
  readonly peerUrl: string
}

export interface JoinEtcdOptions {
  readonly etcd: EtcdCluster
  readonly host: Pick<Host, 'list' | 'stat' | 'recording'>
  readonly member: NewMember
  readonly manifest: {
    /** What the kubelet starts the member by. */
    readonly path: string
    /** Writes it; given all members with the new one, as `initial-cluster` wants them. */
    readonly write: (initialCluster: readonly InitialClusterMember[]) => Promise<void>
  }
  /** Has the member get its data before the kubelet starts it, or does nothing. Given what `manifest.write` is. */
  readonly firstStart?: ((initialCluster: readonly InitialClusterMember[]) => Promise<void>) | undefined
  /** Milliseconds, `timeouts.etcdAPICall`: for each wait, and anew for each other host whose turn comes before. */
  readonly timeout: number
  readonly signal?: AbortSignal | undefined
  /** Lines for the user. */
  readonly say: (line: string) => void
  /** What is being waited for, replaced by the next call. */
  readonly waiting?: ((text: string) => void) | undefined
  /** Ends the process of the new member, so that the kubelet starts it again: see `untilStarted`. */
  readonly restart?: (() => Promise<void>) | undefined
  /** The error when the new member does not start, given what was last seen: the place for the end of its log. */
  readonly notStarted?: ((last: string) => Error | Promise<Error>) | undefined
}

/** How a member that has not started yet is called. */
export function nameOf({ name, peerUrls }: EtcdMember): string {
  return name === '' ? `at ${peerUrls.join(', ')}` : `"${name}" at ${peerUrls.join(', ')}`
}

export function isAt(peerUrl: string): (member: EtcdMember) => boolean {
  return ({ peerUrls }) => peerUrls.includes(peerUrl)
}

/** The usual port of the clients, where only that of the peers is known. */
export function clientUrlBeside(peerUrl: string): string {
  const url = URL.parse(peerUrl)
  if (url === null) return peerUrl
  url.port = '2379'
  return url.origin
}

/**
 * The signal of one change of the members. etcd drops a change that comes while another is under way, without a word: whoever asked hears
 * nothing until a time limit of 5 s and more (`alreadyPending` of raft.go, `configure` of etcd's server.go). So it is soon looked at again
 * what became of it.
 */
export function forOneChange(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(1000)])
}
