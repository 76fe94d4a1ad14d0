import type { Argv, Owner } from './host.ts'

/**
 * One thing that a run would do to a host, in the order of the run. JSON data, for plans that are kept. Content of secrets is never
 * in it.
 */
export type PlannedChange =
  | {
      readonly kind: 'write-file'
      readonly path: string
      /** Permission bits. */
      readonly mode: number
      readonly owner?: Owner
      readonly replaces: boolean
      /** `undefined` for secrets. Bytes that are not UTF-8 do not occur. */
      readonly content?: string
    }
  | { readonly kind: 'append-file'; readonly path: string; readonly mode: number }
  | { readonly kind: 'make-directory'; readonly path: string; readonly mode: number }
  | { readonly kind: 'remove-file' | 'remove-directory'; readonly path: string }
  | { readonly kind: 'change-owner'; readonly path: string; readonly owner: Owner }
  | { readonly kind: 'run-command'; readonly argv: Argv }
  | { readonly kind: 'restart-service' | 'stop-service'; readonly service: string }
  | { readonly kind: 'pull-image'; readonly image: string }
  | { readonly kind: 'start-pod'; readonly name: string }
  | { readonly kind: 'stop-container' | 'stop-pod' | 'remove-pod'; readonly id: string; readonly name: string }
  | { readonly kind: 'wait'; readonly for: string }
