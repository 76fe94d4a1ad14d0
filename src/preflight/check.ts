/** A preflight check: one fact about the host that must hold before anything is changed. */

export interface Check {
  /** Public: users ignore it by this name, and scripts know kubeadm's. */
  readonly name: string
  /** What must hold, for docs: `port 6443 free`. */
  readonly requires: string
  /** Looks and changes nothing (but for ImagePull). A KadmError that it throws counts as an error of the check. */
  readonly run: () => Promise<Findings>
}

/** Texts without the name of the check; each says what to do where that is not plain. */
export interface Findings {
  readonly warnings: readonly string[]
  readonly errors: readonly string[]
}

/** Groups are run one after the other, the checks of a group side by side. A group that fails hides those after it. */
export type CheckGroups = readonly (readonly Check[])[]

/**
 * What an unfinished earlier run with the same input has left: no obstacle, since this run finishes it. kubeadm stops at its own leftovers.
 */
export interface OwnedByUnfinishedRun {
  readonly owns: (path: string) => boolean
}

export const passed: Findings = { warnings: [], errors: [] }

export function warned(...warnings: readonly string[]): Findings {
  return { warnings, errors: [] }
}

export function failed(...errors: readonly string[]): Findings {
  return { warnings: [], errors }
}

/** `FileAvailable` and `/etc/x` into kubeadm's `FileAvailable--etc-x`. */
export function nameFor(kind: string, path: string): string {
  return `${kind}-${path.replaceAll('/', '-')}`
}
