import { kadmVersion } from '../config/own-version.ts'
import type { JournaledRun } from '../host/journal/journal-runs.ts'
import type { Explanation } from '../preflight/run-checks.ts'

/**
 * Why a host that an unfinished run with another input has left is not ready, and what to do about it. The same input may count as another
 * one for another kadm.
 */
export function leftBy({ command, startedAt, version }: Pick<JournaledRun, 'command' | 'startedAt' | 'version'>): Explanation {
  const began = startedAt.toISOString().slice(0, 19).replace('T', ' ')
  const isOwn = version === kadmVersion
  const whose = isOwn ? 'which had other arguments or another configuration' : `by kadm ${version} (this is ${kadmVersion})`
  return {
    message: `"kadm ${command}" of ${began} UTC, ${whose}, was not finished and is in the way`,
    remedy: [
      `kadm ${command}   # ${isOwn ? '' : `of kadm ${version}, `}with the arguments and the configuration of then: goes on with it`,
      'kadm reset   # removes what it made; then run this command again',
    ],
  }
}
