/** What came of a command on many hosts of which some failed. */
import { KadmError, messageOf, withCode } from '../errors.ts'
import { fleetRemedies } from './fleet-remedies.ts'
import type { Place } from './host-flags.ts'

/**
 * Those that only waited for the one that failed first are told after it, by name; at the end those that nothing was begun on. `places`:
 * all hosts of the file.
 */
export function fleetFailed(
  failures: ReadonlyMap<string, unknown>,
  places: readonly Place[],
  skipped: ReadonlySet<string> = new Set(),
): KadmError {
  const causes = Map.groupBy([...failures], ([, error]) => error)
  const lines = [...causes].flatMap(([error, hosts]) => {
    const details = error instanceof KadmError ? error.details : []
    const [cause, ...others] = hosts.map(([name]) => name)
    return [
      withCode(`${cause}: ${messageOf(error)}`, error instanceof KadmError ? error.code : undefined),
      ...details.map((line) => `  ${line}`),
      ...(others.length === 0 ? [] : [`  (${others.join(', ')} waited for it)`]),
    ]
  })
  const notBegun = [...skipped].filter((name) => !failures.has(name))
  // Of those that waited nothing is to be mended.
  const remedies = fleetRemedies(
    [...causes].flatMap(([error, [first]]) =>
      error instanceof KadmError ? places.filter(({ name }) => name === first?.[0]).map((place) => ({ place, remedy: error.remedy })) : [],
    ),
  )
  const again = 'run the same command again: it goes on with what is left'
  const [best = again, ...others] = new Set([...remedies, again])
  return new KadmError(
    'FLEET_FAILED',
    `${failures.size === 1 ? 'a host has' : `${failures.size} hosts have`} not come to what the file says: ${[...failures.keys()].join(', ')}`,
    {
      details: notBegun.length === 0 ? lines : [...lines, `not begun: ${notBegun.join(', ')}`],
      remedy: [best, ...others],
    },
  )
}
