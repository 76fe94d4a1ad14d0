/** Something that a cluster has left on a host and that is not kadm's to take away unasked. */
export interface Leftover {
  /** The word of `--cleanup` that takes it away; `other`: none does. */
  readonly kind: 'network' | 'kubeconfig' | 'other'
  /** For the user, with its path or name. */
  readonly what: string
  readonly remove?: () => Promise<void>
}
