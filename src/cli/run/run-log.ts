/** `kadm log` for a user. */
import { clusterFileApiVersion } from '../../config/fields/cluster-file-fields.ts'
import { KadmError } from '../../errors.ts'
import { fleetLog, type FleetLog, type LoggedRun } from '../../fleet/fleet-log.ts'
import { operatorJournal, type OperatorCommand } from '../../fleet/operator-journal.ts'
import { localHost } from '../../host/local-host.ts'
import { printableJson, printableLine } from '../../progress/printable.ts'
import type { CommandInput } from '../command.ts'
import { fleetOfFile } from '../fleet-of-file.ts'
import { textOrJson } from '../text/output.ts'

/** Throws FLEET_FAILED, after what could be read was printed, when a host was not reached or its journal is broken. */
export async function runLog(input: CommandInput): Promise<void> {
  const { flags, io } = input
  const output = textOrJson(flags)
  const { file, fleet } = await fleetOfFile(input)
  try {
    const log = await fleetLog(file.hosts, fleet, operatorJournal(localHost(), io.environment, file.name))
    const { problems } = log
    if (output === 'json') io.stdout.write(`${logJson(log)}\n`)
    else for (const line of logLines(log)) io.stdout.write(`${line}\n`)
    if (problems.length === 0) return
    const texts = problems.map(({ text }) => text)
    const [best = again, ...others] = new Set([...problems.flatMap(({ remedy }) => remedy), again])
    throw new KadmError('FLEET_FAILED', `the log is not whole: ${texts.length === 1 ? texts[0] : `${texts.length} hosts`}`, {
      details: texts,
      remedy: [best, ...others],
    })
  } finally {
    await fleet.close()
  }
}

const again = 'mend what is listed, then run the same command again'

/** Its fields are in docs/events.md. */
export function logJson({ runs, commands, torn }: FleetLog): string {
  return printableJson({ apiVersion: clusterFileApiVersion, kind: 'Log', runs, commands, torn }, 2)
}

/** Hosts and operator in one order of time. */
export function logLines({ runs, commands, torn }: FleetLog): readonly string[] {
  const ofHosts = runs.map((run) => ({ at: run.startedAt, text: runText(run) }))
  const ofOperator = commands.map((command) => ({ at: command.startedAt, text: commandText(command) }))
  const lines = [...ofHosts, ...ofOperator].toSorted((a, b) => a.at.localeCompare(b.at)).map(({ at, text }) => `${at}  ${text}`)
  const notes = torn.map((name) => `${name}: the last line of the journal is cut off, as by a crash; the next run mends it`)
  return [...lines, ...notes].map(printableLine)
}

export function runText({ host, command, outcome, isUndone, phases, changes, version, by }: LoggedRun): string {
  const who = by === undefined ? '' : `, by ${by}`
  return `${host}  kadm ${command}: ${outcome}, ${phases} phases, ${changes} changes${isUndone ? ', undone since' : ''} (kadm ${version}${who})`
}

function commandText({ owner, name, clusterFile, outcome, actions, version }: OperatorCommand): string {
  const ended = actions.map(({ host, action, state }) => `${host} ${action} ${state === 'started' ? 'cut-off' : state}`)
  return `${owner}  kadm ${name} -f ${clusterFile}: ${[outcome, ...ended].join(', ')} (kadm ${version})`
}
