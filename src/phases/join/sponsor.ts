/**
 * Somebody in the cluster who speaks for a joining node: it need not find the cluster, and no secret that others could use is made for it.
 */
import type { Cluster } from '../../cluster/cluster.ts'
import type { InitConfig } from '../../config/model.ts'
import type { BootstrapUser } from '../../discovery/discovered-cluster.ts'
import type { SignKubelet } from '../../pki/signed-kubelet.ts'

export interface Sponsor {
  /** `https://host:port` that nodes reach the cluster at, and the CA (PEM) that vouches for it. */
  readonly server: string
  readonly caPem: string
  /** The API with an administrator's rights. */
  readonly cluster: Cluster
  /** How the kubelet gets its certificate: signed for this node alone, or asked for with a token, the classic way. */
  readonly identity: { readonly kind: 'signed'; readonly sign: SignKubelet } | { readonly kind: 'token'; readonly user: BootstrapUser }
  /** What control planes share, by path, as it lies on the sponsor's host. */
  readonly sharedFiles: (config: Pick<InitConfig, 'cluster'>) => Promise<ReadonlyMap<string, Buffer>>
}

/** The cluster as a sponsored node knows it. */
export interface SponsoredCluster {
  readonly server: string
  readonly caPem: string
  readonly sign: SignKubelet
}
