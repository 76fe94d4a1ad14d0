/** `kadm log` for a user. */
import { KadmError } from '../errors.ts'
import { fleetLog } from '../fleet/fleet-log.ts'
import type { CommandInput } from './command.ts'
import { fleetOfFile } from './fleet-of-file.ts'

/** Throws FLEET_FAILED, after what could be read was printed, when a host was not reached or its journal is broken. */
export async function runLog(input: CommandInput): Promise<void> {
  const { flags, io } = input
  const output = flags.text('output')
  if (output !== 'text' && output !== 'json') throw new KadmError('USAGE', `there is no output format "${output}"`, { remedy: ['use -o text or json'] })
  const { fleet } = await fleetOfFile(input)
  try {
    const { runs, problems } = await fleetLog(fleet)
    if (output === 'json') io.stdout.write(`${JSON.stringify(runs, undefined, 2)}\n`)
    else for (const { startedAt, host, command, outcome, phases, changes, version } of runs) io.stdout.write(`${startedAt}  ${host}  kadm ${command}: ${outcome}, ${phases} phases, ${changes} changes (kadm ${version})\n`)
    if (problems.length === 0) return
    throw new KadmError('FLEET_FAILED', `the log is not whole: ${problems.length === 1 ? problems[0] : `${problems.length} hosts`}`, { details: problems, remedy: ['mend what is listed, then run the same command again'] })
  } finally {
    await fleet.close()
  }
}
