/** What discovery is asked for, and what it answers: the shapes only. */
import type { FileDiscovery, TokenDiscovery } from '../config/model.ts'
import type { Host } from '../host/host.ts'
import type { JsonObject } from '../json.ts'

export type DiscoveryInput = TokenDiscovery | FileDiscovery

export interface DiscoveryOptions {
  /** The network and the files of this host; only looked at, also when it is a recording. */
  readonly host: Pick<Host, 'dial' | 'readText' | 'stat' | 'list' | 'facts' | 'now'>
  /** Milliseconds for each read of cluster-info: `timeouts.discovery`. */
  readonly timeout: number
  readonly signal?: AbortSignal
  readonly say?: (text: string) => void
  readonly warn?: (text: string) => void
  /** What is waited for and what was last seen, when that changes. */
  readonly onWaiting?: (text: string) => void
  /** Default false: a CA beside the pinned ones is refused. kubeadm trusts all of them once one is pinned. */
  readonly unsafeAllowUnpinnedCa?: boolean
  /**
   * Default false: a discovery file with `insecure-skip-tls-verify` is refused. With it the CA that the unverified server shows is trusted
   * from then on; nothing secret is sent before. A file with an http server is refused in any case.
   */
  readonly unsafeAllowInsecureDiscoveryFile?: boolean
}

export interface DiscoveredCluster {
  /** `https://host:port`, as the cluster itself says: not always the endpoint that was asked. */
  readonly server: string
  /** PEM of all CAs to trust. Every connection from now on is verified with them, and with nothing else. */
  readonly caPem: string
  /** `kubernetes`, or the cluster's name in a discovery file that brings its own credentials. */
  readonly clusterName: string
  /** The name to look for in the server's certificate, when it is not the host of `server` (`tls-server-name` of a discovery file). */
  readonly serverName?: string
  readonly user: BootstrapUser
  /**
   * For discovery by a file that brings its own credentials: the whole kubeconfig, as kubeadm makes it bootstrap-kubelet.conf, with all
   * that it names in files put into it. Absent: to be made from the other fields (`kubeconfigText`).
   */
  readonly document?: JsonObject
}

/** Who the joining node is until it has a certificate of its own. */
export type BootstrapUser =
  | { readonly kind: 'token'; readonly name: string; readonly token: string }
  /** PEM texts. */
  | { readonly kind: 'certificate'; readonly name: string; readonly certificate: string; readonly key: string }

/** Whom a bootstrap token stands for in the kubeconfigs that kubeadm makes. */
export function tokenUser(token: string): BootstrapUser {
  return { kind: 'token', name: 'tls-bootstrap-token-user', token }
}
