import { KadmError, messageOf } from '../errors.ts'

/**
 * The results of all, or one error that tells every failure: the first one as it is, the others in its details. Anything that is no
 * KadmError is thrown at once.
 */
export async function eachWithAllProblems<T>(looks: readonly (() => Promise<T>)[]): Promise<readonly T[]> {
  const settled = await Promise.allSettled(looks.map((look) => look()))
  const failures = settled.flatMap((one): readonly unknown[] => (one.status === 'rejected' ? [one.reason] : []))
  const [first, ...others] = failures
  if (failures.length === 0) return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  if (!(first instanceof KadmError) || others.some((error) => !(error instanceof KadmError)))
    throw failures.find((error) => !(error instanceof KadmError)) ?? first
  const further = new Set(others.flatMap((error) => [messageOf(error), ...(error instanceof KadmError ? error.details : [])]))
  for (const known of [first.message, ...first.details]) further.delete(known)
  throw new KadmError(first.code, first.message, { remedy: first.remedy, details: [...first.details, ...further], cause: first })
}
