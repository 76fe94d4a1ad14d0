import type { Making } from './progress.ts'

export interface HostImage {
  /** Root folder of a Debian 13, read-only for all others: the lower folder of each host's overlay. It has no ssh keys and no machine id. */
  readonly root: string
}

/** The system that every host of a sandbox starts from, made by mmdebstrap when it is not in the cache. Errors: SANDBOX_MISSING_PIECE. */
export function ensureHostImage(making: Making): Promise<HostImage> {
  throw new Error(`not yet: ${typeof making.say}`)
}
