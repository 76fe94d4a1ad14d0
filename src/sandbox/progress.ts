/** How the long-running parts of a sandbox's making are watched and stopped. */
export interface Making {
  /** Told one line at a time what is being made and what is left. */
  readonly say: (line: string) => void
  readonly signal?: AbortSignal
}
