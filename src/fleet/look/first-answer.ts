export interface FirstAnswerOptions<T> {
  readonly signal: AbortSignal
  /** For an answer that comes when another one was first. */
  readonly late?: (answer: T) => void
}

/**
 * Asks all at once: the first answer counts, and nobody is asked any more. Throws the signal's reason, or what the first of them has thrown
 * when none has an answer.
 */
export async function firstAnswer<Asked, T>(
  asked: readonly Asked[],
  ask: (one: Asked, signal: AbortSignal) => Promise<T>,
  { signal, late = () => {} }: FirstAnswerOptions<T>,
): Promise<T> {
  const over = new AbortController()
  const stop = AbortSignal.any([signal, over.signal])
  const answers = asked.map((one) => ask(one, stop))
  try {
    const first = await Promise.any(answers)
    for (const answer of answers)
      answer.then(
        (value) => (value === first ? undefined : late(value)),
        () => undefined,
      )
    return first
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof AggregateError ? (error.errors[0] ?? new Error('no control plane is there to be asked')) : error
  } finally {
    over.abort()
  }
}
