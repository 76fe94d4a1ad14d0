import type { Making } from './progress.ts'

export interface KadmExecutable {
  /** The one-file `kadm`: it needs nothing of a host but its libc. Hard-link or copy it to a host's `/usr/bin/kadm`. */
  readonly file: string
  /** The folder that its first start unpacks. Hard-linked into a host as `/var/cache/kadm/<hash>` the first start is as quick as all later ones. */
  readonly extracted: string
  readonly hash: string
}

/** `dist/kadm`, built anew only when the sources changed. */
export function ensureKadmExecutable(making: Making): Promise<KadmExecutable> {
  throw new Error(`not yet: ${typeof making.say}`)
}
