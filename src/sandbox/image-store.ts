import type { Making } from './progress.ts'

/**
 * Content of `/var/lib/containerd` that has all images of these Kubernetes versions (and `lab.test/busybox:1`) imported and unpacked.
 * `versions` usually holds one; a sandbox that will upgrade names both.
 */
export function ensureImageStore(versions: readonly [string, ...string[]], making: Making): Promise<string> {
  throw new Error(`not yet: ${versions.join()} ${typeof making.say}`)
}

/** Puts a store of `ensureImageStore` into a host that is not running: `hostVarLib` is the folder that the host sees as `/var/lib`. On one file system: hard links, well below 1 s. */
export function placeImageStore(store: string, hostVarLib: string): Promise<void> {
  throw new Error(`not yet: ${store} ${hostVarLib}`)
}
