/** `kadm undo` for a user: which host, the plan, the question, progress. */
import { KadmError } from '../../errors.ts'
import type { FleetEvent } from '../../fleet/fleet-run.ts'
import { undoHostOfFleet } from '../../fleet/undo-host.ts'
import { startUndo, type UndoOutcome, type UndoPlan, type UndoRequest } from '../../phases/undo/start-undo.ts'
import { givenText, type CommandInput, type Streams } from '../command.ts'
import { requireYes } from '../confirm.ts'
import { fleetOfFile } from '../fleet-of-file.ts'
import { fleetProgress, type FleetProgress } from '../fleet-progress.ts'
import { fleetTries, type FleetTry } from '../fleet-tries.ts'
import { hostFlagNames } from '../flags/host-flags.ts'
import { lockOwner } from '../noted-command.ts'
import { timedFleet } from '../open-trace.ts'
import { besideEvents, tellAll } from '../flags/run-flags.ts'
import { runWorkflow } from './run-workflow.ts'
import { undoPlanText } from '../text/undo-plan-text.ts'
import { waitingForLock } from '../wait-for-lock.ts'

export async function runUndo(input: CommandInput): Promise<void> {
  if (input.flags.given.has('file')) return fleetTries(input, 'undo', (one) => undoByFile(input, one))
  const confirmed = new Set<string>()
  await waitingForLock(input, () => undoByItself(input, confirmed))
}

const optionFlags: ReadonlySet<string> = new Set(['all', 'force', 'yes', 'dry-run', 'wait-lock'])

/** This host, or the one that --host names: nobody else of its cluster is asked. */
async function undoByItself(input: CommandInput, confirmed: Set<string>): Promise<void> {
  await runWorkflow(input, { action: 'undo', only: undefined, optionFlags }, async ({ host, io, request }) => {
    const outcome = await startUndo(host, {
      ...request,
      ...wordsOf(input),
      node: undefined,
      cluster: async () => undefined,
      confirm: askFor(input, io, confirmed),
    })
    io.stdout.write(outcomeText(host.name, outcome))
  })
}

async function undoByFile(input: CommandInput, { trace, wait, confirmed, note }: FleetTry): Promise<void> {
  const { flags, signal } = input
  const name = givenText(flags, 'host')
  if (name === undefined)
    throw new KadmError('USAGE', 'no host is named: an undo is of one host', {
      remedy: ['kadm undo -f FILE --host NAME', 'kadm reset --cluster-file FILE   # for all of them'],
    })
  const other = [...flags.given].find((flag) => hostFlagNames.has(flag) && flag !== 'host' && flag !== 'trust-on-first-use')
  if (other !== undefined)
    throw new KadmError('USAGE', `--${other} cannot be mixed with -f: the file says how hosts are reached`, {
      remedy: [`leave --${other} out`],
    })
  const { events, io } = besideEvents(input)
  const opened = await fleetOfFile(input)
  const { file } = opened
  const fleet = timedFleet(opened.fleet, trace)
  let progress: FleetProgress | undefined
  try {
    const hear = flags.isOn('dry-run') ? undefined : await note(opened)
    // It draws from the beginning on, so not while there is a question on the screen.
    const show = (event: FleetEvent): void =>
      (progress ??= fleetProgress(input.io, { events, actions: [{ host: name, kind: 'undo' }] })).report(event)
    const outcome = await undoHostOfFleet({
      file,
      fleet,
      name,
      ...wordsOf(input),
      owner: lockOwner(io, 'undo'),
      wait,
      confirm: askFor(input, io, confirmed),
      report: tellAll(show, hear, trace?.hear),
      within: trace?.within,
      signal,
    })
    await progress?.end()
    progress = undefined
    io.stdout.write(outcomeText(name, outcome))
  } finally {
    await progress?.end()
    await fleet.close()
  }
}

function outcomeText(host: string, outcome: UndoOutcome): string {
  if (outcome === 'not-confirmed') return ''
  return outcome === 'done' ? `${host}: undone\n` : `${host}: nothing to undo\n`
}

function wordsOf({ flags }: CommandInput): Pick<UndoRequest, 'all' | 'force'> {
  return { all: flags.isOn('all'), force: flags.isOn('force') }
}

/** `confirmed`: what was seen and agreed to before another kadm was waited for. */
function askFor({ flags, signal }: CommandInput, io: Streams, confirmed: Set<string>): (plan: UndoPlan) => Promise<boolean> {
  return async (plan) => {
    const text = undoPlanText(plan)
    if (confirmed.has(text)) return true
    io.stdout.write(text)
    if (flags.isOn('dry-run')) return false
    if (!flags.isOn('yes')) await requireYes(io, { question: 'Do this?', what: 'the undo' }, signal)
    confirmed.add(text)
    return true
  }
}
