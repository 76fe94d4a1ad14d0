/**
 * A phase: one named step of a workflow. It holds steps (`phases`), does work (`run`), or both.
 *
 * A workflow is one literal list of phases; the command tree, `--skip-phases`, help and docs are derived from it. The order of the list is
 * the order that the user sees, and kubeadm's. What may run beside what is said by `needs`.
 */
export interface Phase<Run> {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly summary: string
  /** Not in the help, and no command of its own. */
  readonly hidden?: boolean
  /** Flags of `kadm <workflow> phase <name>`, by name without dashes. */
  readonly flags?: readonly string[]
  /** What may follow the name of that command besides flags, for the help: `[api-server-endpoint]`. */
  readonly argument?: string
  readonly phases?: readonly Phase<Run>[]
  /**
   * Full names (`certs/ca`) of the phases whose results `run` uses. A parent stands for all of its children. Not said: the phase before it
   * in the list (for a child: the sibling before it and what its parent needs). An empty list: nothing.
   * A phase that is not in the run set counts as done.
   */
  readonly needs?: readonly string[]
  /** Full names of phases that may not be left out unless this one is left out too. */
  readonly dependencies?: readonly string[]
  /** No command `all` beside its children's, as in kubeadm. */
  readonly notAtOnce?: boolean
  /** This phase makes no sense alone: it is no command. */
  readonly notAlone?: boolean
  /** The reason not to run, which the user is shown; `false` to run. */
  readonly skip?: (run: Run) => string | false | Promise<string | false>
  /** Safe to repeat: look, act, look again. A parent's own `run` goes before its children's. */
  readonly run?: (run: Run, context: PhaseContext) => Promise<void>
}

export interface PhaseContext {
  readonly signal: AbortSignal
  /** A line for the user, without the `[phase]` prefix: `say('Generating "ca" certificate and key')`. */
  readonly say: (line: string) => void
  /** Something the user should know though the run goes on. */
  readonly warn: (line: string) => void
  /** What is being waited for, for the screen; replaced by the next call. */
  readonly waiting: (what: string) => void
  /** Text that the command was run for: shown as it is, on stdout, after all progress. */
  readonly result: (text: string) => void
}

/**
 * `needs`: full names of the phases that it came after or waits for, of the same workflow; `host:phase` where that is one of another host.
 */
export type PhaseEvent =
  | { readonly kind: 'started'; readonly phase: string; readonly needs?: readonly string[]; readonly at: Date }
  | { readonly kind: 'done'; readonly phase: string; readonly at: Date }
  | { readonly kind: 'skipped'; readonly phase: string; readonly needs?: readonly string[]; readonly reason: string; readonly at: Date }
  | { readonly kind: 'failed'; readonly phase: string; readonly error: unknown; readonly at: Date }
  | { readonly kind: 'waiting'; readonly phase: string; readonly needs?: readonly string[]; readonly text: string; readonly at: Date }
  | { readonly kind: 'line' | 'warning' | 'result'; readonly phase: string; readonly text: string; readonly at: Date }

/** A workflow's event as one of a larger whole: `kubelet-start` of the action `join` is `join/kubelet-start`. */
export function eventOfAction(action: string, event: PhaseEvent): PhaseEvent {
  const prefixed = (name: string): string => `${action}/${name}`
  return { ...event, phase: prefixed(event.phase), ...('needs' in event && { needs: event.needs?.map(prefixed) ?? [] }) }
}

/** Has work done such that whoever wants to know can tell what belongs to which phase. */
export type Within = (phase: string, work: () => Promise<void>) => Promise<void>
