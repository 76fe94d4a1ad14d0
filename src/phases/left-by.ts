import type { JournaledRun } from '../host/journal/journal-runs.ts'
import type { Explanation } from '../preflight/run-checks.ts'

/** Why a host that an unfinished run with another input has left is not ready, and what to do about it. */
export function leftBy({ command, startedAt }: JournaledRun): Explanation {
  const began = startedAt.toISOString().slice(0, 19).replace('T', ' ')
  return {
    message: `"kadm ${command}" of ${began} UTC, which had other arguments or another configuration, was not finished and is in the way`,
    remedy: [
      `kadm ${command} with the arguments and the configuration of then goes on with it`,
      'kadm reset   # removes what it made; then run this command again',
    ],
  }
}
