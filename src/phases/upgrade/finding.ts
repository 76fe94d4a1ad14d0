/** What a rehearsal finds, and what its parts are given to look. */
import type { Cluster } from '../../cluster/cluster.ts'
import type { InitConfig } from '../../config/model.ts'
import type { Host } from '../../host/host.ts'

export interface Finding {
  readonly code: FindingCode
  /** `blocks`: some step of the upgrade stops at it. `hurts`: it goes on, and somebody feels it. */
  readonly severity: 'blocks' | 'hurts'
  /** The thing: `Deployment shop/cart`. */
  readonly what: string
  readonly why: string
  /** What to do about it; can be pasted where it is a command. */
  readonly remedy: string
}

/** Public, as the codes of errors are. */
export const findingCodes = {
  PREFLIGHT: 'a preflight check of "upgrade apply" fails or warns',
  VERSION_SKEW: 'the version skew policy forbids the upgrade',
  NODE_NOT_READY: 'a node is not Ready',
  EVICTION_REFUSED: 'a PodDisruptionBudget allows no eviction: a drain for the kubelet will wait until its time is up',
  SINGLE_REPLICA: 'a Deployment has one Pod: it is away while its node is drained',
  BARE_POD: 'a Pod has no controller: a drain would lose it',
  API_REMOVED: 'an API version that was asked for is not there any more in the target version',
  WEBHOOK_WITHOUT_ENDPOINTS: 'nobody answers for an admission webhook',
  IMAGE_MISSING: 'an image of the target version is not on this host',
  DISK_SPACE: 'there is too little free space on this host',
  CERTIFICATE_ENDS: 'a certificate ends soon, or has ended',
  NOT_LOOKED_AT: 'something could not be looked at',
} as const

export type FindingCode = keyof typeof findingCodes

export interface RehearsalOptions {
  readonly host: Host
  readonly cluster: Cluster
  /** As the upgrade leaves it: `kubernetesVersion` is the target. */
  readonly config: InitConfig
  readonly ignorePreflightErrors: readonly string[]
  readonly allowExperimentalUpgrades: boolean
  readonly allowRCUpgrades: boolean
  readonly signal: AbortSignal
}
