/** `kadm reset --cluster-file` for a user. */
import { KadmError } from '../../errors.ts'
import type { ReachedHost } from '../../fleet/look/host-state.ts'
import type { Fleet } from '../../fleet/open-fleet.ts'
import { requireNoProblems } from '../../fleet/plan/plan.ts'
import { resetFleet } from '../../fleet/reset-fleet.ts'
import { resetScope } from '../../fleet/reset-scope.ts'
import { printableLine } from '../../progress/printable.ts'
import type { CommandInput } from '../command.ts'
import { requireYes } from '../confirm.ts'
import { fleetOfFile } from '../fleet-of-file.ts'
import { fleetProgress } from '../fleet-progress.ts'
import { fleetTries, type FleetTry } from '../fleet-tries.ts'
import { globalFlagNames } from '../flags/global-flags.ts'
import { lockOwner } from '../noted-command.ts'
import { timedFleet } from '../open-trace.ts'
import { besideEvents, runFlagNames, tellAll } from '../flags/run-flags.ts'

export async function runFleetReset(input: CommandInput): Promise<void> {
  requireFitting(input)
  await fleetTries(input, 'reset', (one) => resetTraced(input, one))
}

async function resetTraced(input: CommandInput, { trace, wait, confirmed, note }: FleetTry): Promise<void> {
  const { flags, signal } = input
  const { events, io } = besideEvents(input)
  const opened = await fleetOfFile(input, flags.text('cluster-file'))
  const { file } = opened
  const fleet = timedFleet(opened.fleet, trace)
  try {
    const { hosts, left, problems } = resetScope(file, fleet.states)
    const names = [...hosts]
    const would = wouldBeReset(fleet, hosts)
    const question = `The cluster "${file.name}" with all its data will be gone from ${names.join(', ')}. Are you sure you want to proceed?`
    const asked = [...left, would, question].join('\n')
    if (!confirmed.has(asked)) for (const line of left) io.stderr.write(`WARNING: ${line}\n`)
    if (flags.isOn('dry-run')) io.stdout.write(would)
    requireNoProblems(problems)
    if (flags.isOn('dry-run')) return
    if (!flags.isOn('force') && !confirmed.has(asked)) {
      io.stderr.write(would)
      await requireYes(io, { question, what: 'the reset', flag: '--force' }, signal)
    }
    confirmed.add(asked)
    const progress = fleetProgress(input.io, { events, actions: names.map((host) => ({ host, kind: 'reset' })) })
    try {
      await resetFleet({
        fleet,
        places: file.hosts,
        hosts,
        cleanupTmpDir: flags.isOn('cleanup-tmp-dir'),
        owner: lockOwner(io, 'reset'),
        wait,
        report: tellAll(progress.report, await note(opened), trace?.hear),
        within: trace?.within,
        signal,
      })
    } finally {
      await progress.end()
    }
    io.stdout.write(`${file.name}: ${names.length} hosts are reset\n`)
  } finally {
    await fleet.close()
  }
}

const fittingFlags: ReadonlySet<string> = new Set([
  'cluster-file',
  'force',
  'dry-run',
  'cleanup-tmp-dir',
  'trust-on-first-use',
  'wait-lock',
  ...globalFlagNames,
  ...runFlagNames,
])

/** Throws USAGE. */
function requireFitting({ flags }: CommandInput): void {
  const others = [...flags.given].filter((name) => !fittingFlags.has(name))
  if (others.length > 0)
    throw new KadmError('USAGE', `--cluster-file cannot be mixed with ${others.map((name) => `--${name}`).join(', ')}`, {
      remedy: ['leave them out: the file says which hosts are meant'],
    })
}

/** Host by host: what it is in the cluster, which it would not be any more. */
function wouldBeReset({ hosts, states }: Fleet, names: ReadonlySet<string>): string {
  const lines = [...states].flatMap(([name, state]) => {
    if (!names.has(name) || state.kind === 'lost') return []
    if (state.kind === 'reached') return `${name}: would be reset (${whatItIs(state)})`
    return hosts.has(name) ? `${name}: would be reset (${state.why})` : `${name}: cannot be reached: ${state.why}`
  })
  return lines.map((line) => `${printableLine(line)}\n`).join('')
}

function whatItIs({ node, unfinished }: ReachedHost): string {
  if (node !== 'none') return node
  return unfinished === undefined ? 'nothing of a cluster is on it' : `what is left of a "kadm ${unfinished}"`
}
