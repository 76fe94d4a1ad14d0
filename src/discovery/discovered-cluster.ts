/** What discovery is asked for, and what it answers: the shapes only. */
import type { JsonObject } from '../config/model.ts'
import type { Host } from '../host/host.ts'

export type DiscoveryInput = TokenDiscovery | FileDiscovery

/** By the public ConfigMap cluster-info of an API server, which a token's signature and the hashes of the CA vouch for. */
export interface TokenDiscovery {
  readonly kind: 'token'
  /** `host:port` of an API server or a balancer; `[address]:port` for IPv6. */
  readonly endpoint: string
  readonly token: string
  /** `sha256:<hex>` over the public key of a CA. Empty only with `unsafeSkipCaVerification`. */
  readonly caCertHashes: readonly string[]
  /** Without hashes, trust whoever knows the token. A hash that is given is checked nevertheless, as in kubeadm. */
  readonly unsafeSkipCaVerification: boolean
  /** What to bootstrap with; default: `token`. */
  readonly tlsBootstrapToken?: string
  /** Default false: a CA beside the pinned ones is refused. kubeadm trusts all of them once one is pinned. */
  readonly unsafeAllowUnpinnedCa?: boolean
}

/** By a kubeconfig file that the user trusts. */
export interface FileDiscovery {
  readonly kind: 'file'
  /** Path on the host, or `https://…`: verified with the authorities that the host trusts. */
  readonly path: string
  /** What to bootstrap with; without it the file's own credentials. */
  readonly tlsBootstrapToken?: string
  /**
   * Default false: a file with `insecure-skip-tls-verify` is refused. With it the CA that the unverified server shows is trusted from then on
   * (nothing secret is sent before). A file with an http server is refused in any case.
   */
  readonly unsafeAllowInsecureDiscoveryFile?: boolean
}

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
}

export interface DiscoveredCluster {
  /** `https://host:port`, as the cluster itself says: not always the endpoint that was asked. */
  readonly server: string
  /** PEM of all CAs to trust. Every connection from now on is verified with them, and with nothing else. */
  readonly caPem: string
  /** `kubernetes`, or the cluster's name in the discovery file. */
  readonly clusterName: string
  /** The name to look for in the server's certificate, when it is not the host of `server` (`tls-server-name` of a discovery file). */
  readonly serverName?: string
  readonly user: BootstrapUser
  /**
   * For discovery by a file that brings its own credentials: the whole kubeconfig, as kubeadm makes it bootstrap-kubelet.conf, with all that it
   * names in files put into it. Absent: to be made from the other fields (`kubeconfigText`).
   */
  readonly document?: JsonObject
}

/** Who the joining node is until it has a certificate of its own. */
export type BootstrapUser =
  | { readonly kind: 'token'; readonly name: string; readonly token: string }
  /** PEM texts. */
  | { readonly kind: 'certificate'; readonly name: string; readonly certificate: string; readonly key: string }
